// Android, with androidx.browser. AndroidManifest.xml of the debug build: INTERNET permission,
// android:usesCleartextTraffic="true" for plain http in development, and an activity with an
// intent-filter (VIEW, DEFAULT, BROWSABLE) for <data android:scheme="my-app" android:host="callback" />.
import android.app.Activity
import android.net.Uri
import androidx.browser.customtabs.CustomTabsIntent
import org.json.JSONObject
import java.net.HttpURLConnection
import java.net.URL
import java.net.URLEncoder
import java.util.UUID

const val AUTHORIZE_URL = "http://10.0.2.2:8090/authorize" // 10.0.2.2: your machine, from the emulator
const val CLIENT_ID = "477f8931a805905a7a7be491ff10faed"
const val CALLBACK = "my-app://callback"
const val TOKEN_SWAP_URL = "http://10.0.2.2:4343/swap"
const val TOKEN_REFRESH_URL = "http://10.0.2.2:4343/refresh"

class LogInAgain : Exception()
class TryLater(val seconds: Long) : Exception()

val state = UUID.randomUUID().toString()

fun logIn(activity: Activity) = CustomTabsIntent.Builder().build().launchUrl(
    activity,
    Uri.parse(AUTHORIZE_URL).buildUpon()
        .appendQueryParameter("client_id", CLIENT_ID)
        .appendQueryParameter("response_type", "code")
        .appendQueryParameter("redirect_uri", CALLBACK)
        .appendQueryParameter("scope", "user-read-private")
        .appendQueryParameter("state", state)
        .build(),
)

// In the activity of the callback, off the main thread: swap(intent.data!!)
fun swap(callback: Uri): JSONObject {
    check(callback.getQueryParameter("state") == state) { "not our login" }
    return post(TOKEN_SWAP_URL, "code", checkNotNull(callback.getQueryParameter("code")) { "Cancel" })
}

// Encrypt the refresh_token with a key of the Android Keystore; replace it by that of each answer.
fun refresh(refreshToken: String) = post(TOKEN_REFRESH_URL, "refresh_token", refreshToken)

fun post(url: String, name: String, value: String): JSONObject {
    val connection = URL(url).openConnection() as HttpURLConnection
    connection.doOutput = true // makes it a POST, labelled as a form
    connection.outputStream.use { it.write("$name=${URLEncoder.encode(value, "UTF-8")}".toByteArray()) }
    if (connection.responseCode == 200) {
        return JSONObject(connection.inputStream.bufferedReader().readText())
    }
    val refusal = JSONObject(connection.errorStream.bufferedReader().readText())
    // Log out only on invalid_grant; everything else passes.
    if (refusal.getString("error") == "invalid_grant") throw LogInAgain()
    throw TryLater(connection.getHeaderField("Retry-After")?.toLongOrNull() ?: 5)
}

// Real Spotify, by android-auth (it cannot log in at a fake): ask for a code, and give it to post().
//   val request = AuthorizationRequest.Builder("YOURS", AuthorizationResponse.Type.CODE, CALLBACK)
//   AuthorizationClient.openLoginActivity(activity, 1, request.build())
//   const val TOKEN_SWAP_URL = "https://YOUR-SERVICE/swap"
