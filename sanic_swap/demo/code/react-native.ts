// Expo / React Native: npx expo install expo-web-browser expo-secure-store; in app.json "scheme": "my-app".
// On the Android emulator your machine is 10.0.2.2 instead of 127.0.0.1.
import * as SecureStore from "expo-secure-store";
import * as WebBrowser from "expo-web-browser";

const AUTHORIZE_URL = "http://127.0.0.1:8090/authorize";
const CLIENT_ID = "477f8931a805905a7a7be491ff10faed";
const CALLBACK = "my-app://callback";
const TOKEN_SWAP_URL = "http://127.0.0.1:4343/swap";
const TOKEN_REFRESH_URL = "http://127.0.0.1:4343/refresh";

export type Tokens = { access_token: string; expires_in: number; refresh_token: string };
export class LogInAgain extends Error {}
export class TryLater extends Error {
  constructor(readonly seconds: number) {
    super(`try again in ${seconds} s`);
  }
}

export async function logIn(): Promise<Tokens> {
  const state = Math.random().toString(36).slice(2);
  const login = {
    client_id: CLIENT_ID, response_type: "code", redirect_uri: CALLBACK,
    scope: "user-read-private", state,
  };
  const url = `${AUTHORIZE_URL}?${new URLSearchParams(login)}`;
  const result = await WebBrowser.openAuthSessionAsync(url, CALLBACK);
  if (result.type !== "success") throw new LogInAgain();
  const answer = new URLSearchParams(result.url.split("?")[1]);
  const code = answer.get("code");
  if (answer.get("state") !== state || !code) throw new LogInAgain();
  return keep(await post(TOKEN_SWAP_URL, { code }));
}

export async function refresh(): Promise<Tokens> {
  const refresh_token = await SecureStore.getItemAsync("refresh_token");
  if (!refresh_token) throw new LogInAgain();
  return keep(await post(TOKEN_REFRESH_URL, { refresh_token }));
}

async function keep(tokens: Tokens): Promise<Tokens> {
  await SecureStore.setItemAsync("refresh_token", tokens.refresh_token); // of each answer
  return tokens;
}

async function post(url: string, form: Record<string, string>): Promise<Tokens> {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(form).toString();
  const answer = await fetch(url, { method: "POST", headers, body });
  const members = await answer.json();
  if (answer.ok) return members as Tokens;
  // Log out only on invalid_grant; everything else passes.
  if (members.error === "invalid_grant") {
    await SecureStore.deleteItemAsync("refresh_token");
    throw new LogInAgain();
  }
  throw new TryLater(Number(answer.headers.get("Retry-After") ?? 5));
}

// Real Spotify, by @wwdrew/expo-spotify-sdk (it cannot log in at a fake):
//   Auth.authenticate({ scopes: ["user-read-private"], tokenSwapURL: "https://YOUR-SERVICE/swap",
//     tokenRefreshURL: "https://YOUR-SERVICE/refresh" })
