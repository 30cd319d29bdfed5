// A page in a browser: open it as http://127.0.0.1:3000 (Spotify refuses localhost), and load this
// script as a module on both the page and its callback.
const AUTHORIZE_URL = "http://127.0.0.1:8090/authorize";
const CLIENT_ID = "477f8931a805905a7a7be491ff10faed";
const CALLBACK = "http://127.0.0.1:3000/callback";
const TOKEN_SWAP_URL = "http://127.0.0.1:4343/swap";
const TOKEN_REFRESH_URL = "http://127.0.0.1:4343/refresh";

export class LogInAgain extends Error {}
export class TryLater extends Error {
  constructor(seconds) {
    super(`try again in ${seconds} s`);
    this.seconds = seconds;
  }
}

export function logIn() {
  const state = crypto.randomUUID();
  sessionStorage.setItem("state", state);
  location.href = `${AUTHORIZE_URL}?${new URLSearchParams({
    client_id: CLIENT_ID, response_type: "code", redirect_uri: CALLBACK,
    scope: "user-read-private", state,
  })}`;
}

// On the page of CALLBACK.
export async function swap() {
  const answer = new URLSearchParams(location.search);
  const code = answer.get("code");
  if (answer.get("state") !== sessionStorage.getItem("state") || !code) throw new LogInAgain();
  return post(TOKEN_SWAP_URL, { code, redirect_uri: CALLBACK });
}

export function refresh() {
  const refresh_token = localStorage.getItem("refresh_token");
  if (!refresh_token) throw new LogInAgain();
  return post(TOKEN_REFRESH_URL, { refresh_token });
}

async function post(url, form) {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  const members = await answer.json();
  if (answer.ok) {
    localStorage.setItem("refresh_token", members.refresh_token); // of each answer
    return members;
  }
  // Log out only on invalid_grant; everything else passes.
  if (members.error === "invalid_grant") {
    localStorage.removeItem("refresh_token");
    throw new LogInAgain();
  }
  throw new TryLater(Number(answer.headers.get("Retry-After") ?? 5));
}

// Real Spotify: your own client id, https://accounts.spotify.com/authorize, and the address of your
// service, whose CORS_ORIGINS names the origin of this page.
