// iOS 15 or newer, nothing to install. Info.plist: NSAppTransportSecurity > NSAllowsLocalNetworking
// = YES for plain http in development; CFBundleURLTypes is not needed for this kind of login.
import AuthenticationServices

let authorizeURL = "http://127.0.0.1:8090/authorize"
let clientID = "477f8931a805905a7a7be491ff10faed"
let callback = "my-app://callback"
let tokenSwapURL = URL(string: "http://127.0.0.1:4343/swap")!
let tokenRefreshURL = URL(string: "http://127.0.0.1:4343/refresh")!

struct Tokens: Decodable { let access_token: String; let expires_in: Int; let refresh_token: String }
struct Refusal: Decodable { let error: String; let error_description: String }
enum LoginError: Error { case notLoggedIn, logInAgain, tryLater(seconds: Int) }

func logIn(over window: ASWebAuthenticationPresentationContextProviding) async throws -> Tokens {
    let state = UUID().uuidString
    var login = URLComponents(string: authorizeURL)!
    login.queryItems = ["client_id": clientID, "response_type": "code", "redirect_uri": callback,
                        "scope": "user-read-private", "state": state]
        .map { URLQueryItem(name: $0.key, value: $0.value) }
    var session: ASWebAuthenticationSession?
    let back: URL = try await withCheckedThrowingContinuation { done in
        session = ASWebAuthenticationSession(url: login.url!, callbackURLScheme: "my-app") { url, error in
            if let url { done.resume(returning: url) } else { done.resume(throwing: error!) }
        }
        session!.presentationContextProvider = window
        session!.start()
    }
    let answer = URLComponents(url: back, resolvingAgainstBaseURL: false)?.queryItems ?? []
    let value = { name in answer.first { $0.name == name }?.value }
    guard value("state") == state, let code = value("code") else { throw LoginError.notLoggedIn }
    return try await post(tokenSwapURL, "code", code)
}

// Keep tokens.refresh_token in the keychain, and replace it by the one of each answer.
func refresh(_ refreshToken: String) async throws -> Tokens {
    try await post(tokenRefreshURL, "refresh_token", refreshToken)
}

func post(_ url: URL, _ name: String, _ value: String) async throws -> Tokens {
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
    let escaped = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
    request.httpBody = Data("\(name)=\(escaped)".utf8)
    let (body, answer) = try await URLSession.shared.data(for: request)
    if let tokens = try? JSONDecoder().decode(Tokens.self, from: body) { return tokens }
    // Log out only on invalid_grant; everything else passes.
    if (try? JSONDecoder().decode(Refusal.self, from: body))?.error == "invalid_grant" {
        throw LoginError.logInAgain
    }
    let wait = (answer as? HTTPURLResponse)?.value(forHTTPHeaderField: "Retry-After")
    throw LoginError.tryLater(seconds: wait.flatMap { Int($0) } ?? 5)
}

// Real Spotify, by Spotify's iOS SDK (it cannot log in at a fake):
//   let configuration = SPTConfiguration(clientID: "YOURS", redirectURL: URL(string: callback)!)
//   configuration.tokenSwapURL = URL(string: "https://YOUR-SERVICE/swap")
//   configuration.tokenRefreshURL = URL(string: "https://YOUR-SERVICE/refresh")
