"""The page on which a person sees an app's users, grants, requests, faults and clock, live."""

# One script, no build step: it shows what the control API says, and presses its buttons.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>fake_spotify</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #16181d; --soft: #5b616e; --line: #d9dce3;
  --back: #eef0f4; --go: #137a3c; --wrong: #a3261d }
@media (prefers-color-scheme: dark) { :root { --paper: #17191e; --ink: #f1f2f4; --soft: #a4aab6;
  --line: #343841; --back: #0c0d10; --go: #1f9d53; --wrong: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: .95rem/1.5 system-ui, sans-serif }
header, section { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem; margin-bottom: 1rem }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1.05rem; margin: 0 0 .5rem }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)) }
.grid > section { margin: 0; min-width: 0 } .soft { color: var(--soft); font-size: .85rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line);
  vertical-align: top } th { font-size: .8rem; color: var(--soft); font-weight: 600; border: 0 }
code { font-size: .85rem } td code { overflow-wrap: normal } p { overflow-wrap: anywhere }
.wrong { color: var(--wrong) }
button, select, input, textarea { font: inherit; color: inherit; background: var(--back);
  border: 1px solid var(--line); border-radius: .5rem; padding: .35rem .7rem; max-width: 100% }
button { cursor: pointer } button:hover { border-color: var(--go) }
textarea { width: 100%; min-height: 4.5rem; font-family: ui-monospace, monospace }
label { min-width: 0; max-width: 100% } select { width: 100% }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0 }
</style></head><body>
<header><h1>fake_spotify</h1>
<p class="soft">A stand-in for accounts.spotify.com. The same for programs:
<a href="openapi.json">openapi.json</a></p>
<div class="row"><label>App <select id="app"></select></label>
<button id="reset">Reset this app</button><span id="trouble" class="wrong" role="status"></span>
</div><p id="about" class="soft"></p></header>
<div class="grid">
<section><h2>Clock</h2><p><code id="now"></code></p><div class="row">
<button data-clock='{"advance_seconds":3600}'>+ 1 hour</button>
<button data-clock='{"advance_days":30}'>+ 30 days</button>
<button data-clock='{"advance_days":180}'>+ 180 days</button>
<button id="freeze"></button></div></section>
<section><h2>Users</h2><div class="scroll"><table id="users"></table></div></section>
</div><p></p>
<section><h2>Living grants</h2><div class="scroll"><table id="grants"></table></div></section>
<section><h2>Faults</h2><div class="scroll"><table id="faults"></table></div>
<div class="row"><label>Example <select id="example">
<option>{"kind": "no_healthy_upstream"}</option>
<option>{"kind": "too_many_requests", "retry_after_seconds": 7}</option>
<option>{"kind": "false_invalid_grant", "match": {"grant_type": "refresh_token"}}</option>
<option>{"kind": "slow_head", "seconds": 3, "times": "forever"}</option>
<option>{"kind": "reset_in_body"}</option>
<option>{"kind": "rotate"}</option>
<option>{"kind": "cancel"}</option>
<option>{"kind": "connection_refused", "seconds": 5}</option>
</select></label></div>
<label>Plan a fault <textarea id="fault" spellcheck="false"></textarea></label>
<div class="row"><button id="plan">Plan it</button><button id="clear-faults">Plan none</button>
</div></section>
<section><h2>Requests</h2><div class="row"><button id="clear-requests">Forget them</button></div>
<div class="scroll"><table id="requests"></table></div></section>
<script>
"use strict";
const get = id => document.getElementById(id);
const client = () => "?client_id=" + encodeURIComponent(get("app").value);
const time = seconds => seconds == null ? "never"
  : new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
async function call(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(said.error || answer.status);
  return said;
}
function fill(id, heads, rows) {
  const table = get(id);
  const made = rows.map(cells => {
    const row = document.createElement("tr");
    for (const cell of cells) {
      const place = row.appendChild(document.createElement("td"));
      if (cell instanceof Node) place.append(cell);
      else place.appendChild(document.createElement("code")).textContent = cell;
    }
    return row;
  });
  const head = document.createElement("tr");
  for (const name of heads) head.appendChild(document.createElement("th")).textContent = name;
  table.replaceChildren(...(made.length ? [head, ...made] : ["None."]));
}
function button(words, act) {
  const made = document.createElement("button");
  made.textContent = words;
  made.onclick = () => press(act);
  return made;
}
async function press(act) {
  try { await act(); get("trouble").textContent = ""; }
  catch (error) { get("trouble").textContent = error.message; }
  await show();
}
let seen = "";
async function show() {
  const apps = (await call("GET", "apps")).apps;
  const chosen = get("app").value;
  if (apps.map(app => app.client_id).join() !== [...get("app").options].map(o => o.value).join())
    get("app").replaceChildren(...apps.map(app => new Option(app.name + " " + app.client_id,
      app.client_id, false, app.client_id === chosen)));
  const [users, grants, faults, requests, clock] = await Promise.all(
    ["users", "grants", "faults", "requests", "clock"].map(path =>
      call("GET", path + client() + (path === "requests" ? "&limit=100" : ""))));
  get("now").textContent = time(clock.now) + " UTC" + (clock.frozen ? ", frozen" : "");
  get("freeze").textContent = clock.frozen ? "Let it run" : "Freeze";
  get("freeze").onclick = () => press(() =>
    call("PUT", "clock" + client(), { frozen: !clock.frozen }));
  const app = apps.find(app => app.client_id === get("app").value);
  get("about").textContent = "Secret " + app.client_secret + ", era " + app.era
    + ", redirects " + app.redirect_uris.join(" ");
  // Tables are made anew only if they change, so that a button stays while it is pressed.
  const now = JSON.stringify([users, grants, faults,
    requests.count, requests.requests.at(-1), app.client_id]);
  if (now === seen) return;
  seen = now;
  fill("users", ["id", "name", ""], users.users.map(user => [user.id, user.display_name,
    button("Revoke all", () =>
      call("DELETE", "users/" + encodeURIComponent(user.id) + client()))]));
  fill("grants", ["user", "scope", "authorized", "ends", "refresh token", ""],
    grants.grants.map(grant => [grant.user, grant.scope || "none", time(grant.authorized_at),
      time(grant.ends_at), grant.refresh_token.slice(0, 12) + "…",
      button("Revoke", () => call("DELETE", "grants/" + grant.id + client()))]));
  fill("faults", ["fault", "times", "played"], faults.faults.map(
    ({ id, times, played, is_processed, ...fault }) => [JSON.stringify(fault), times, played]));
  fill("requests", ["", "at", "request", "answer", "fault"], requests.requests.reverse()
    .map(entry => [entry.number, time(entry.at),
      entry.method + " " + entry.path + " " + (entry.parameters.grant_type || ""),
      (entry.status || "none") + " " + entry.error, entry.fault]));
}
for (const one of document.querySelectorAll("[data-clock]"))
  one.onclick = () => press(() => call("PUT", "clock" + client(), JSON.parse(one.dataset.clock)));
get("example").onchange = () => { get("fault").value = get("example").value; };
get("fault").value = get("example").value;
get("app").onchange = () => press(async () => {});
get("plan").onclick = () => press(() =>
  call("POST", "faults" + client(), JSON.parse(get("fault").value)));
get("reset").onclick = () => press(() => call("POST", "reset" + client()));
get("clear-faults").onclick = () => press(() => call("DELETE", "faults" + client()));
get("clear-requests").onclick = () => press(() => call("DELETE", "requests" + client()));
(async function live() {
  if (!document.hidden)
    await show().catch(error => { get("trouble").textContent = error.message; });
  setTimeout(live, 1500);
})();
</script></body></html>
"""
