"use strict";
const MOST_ROWS = 500;
const SECRETS = new Set(["client_secret", "code", "code_verifier", "refresh_token", "access_token",
  "authorization", "cookie", "set-cookie"]);
const get = id => document.getElementById(id);
const base = location.href.replace(/[?#].*$/, "").replace(/\/$/, "");
const origin = location.origin;
let state = null, kinds = null, source = null, clockSeen = 0;

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made[name] = value;
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter(child => child != null));
  return made;
}
const time = seconds => seconds == null ? "never"
  : new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";
const shell = text => /^[\w@%+=:,.\/-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";

// Python literals: JSON's, but for three words.
function python(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return "[" + value.map(python).join(", ") + "]";
  if (typeof value === "object") return "{" + Object.entries(value)
    .map(([name, item]) => JSON.stringify(name) + ": " + python(item)).join(", ") + "}";
  return JSON.stringify(value);
}
const keywords = members => Object.entries(members)
  .map(([name, value]) => name + "=" + python(value)).join(", ");

// An action is a control request, and the Python line that does the same.
const isFirst = () => !state || state.apps[0].client_id === state.app.client_id;
const query = () => isFirst() ? "" : "?client_id=" + encodeURIComponent(state.app.client_id);
const subject = () => isFirst() ? "spotify" : `spotify.app(${python(state.app.client_id)})`;
const asCurl = ({ method, path, body }) => ["curl", ...(method === (body ? "POST" : "GET") ? []
  : ["-X", method]), ...(body ? ["-d", shell(JSON.stringify(body))] : []),
  shell(base + "/" + path + query())].join(" ");
const asPython = action => subject() + action.python;

async function send({ method, path, body }) {
  const answer = await fetch(path + query(), { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(said.error || "answered " + answer.status);
  return said;
}
// Do it, and show what goes wrong beside the button.
async function press(button, act) {
  const place = button.closest(".actions, li, form") || button.parentNode;
  place.querySelectorAll(":scope > .error").forEach(old => old.remove());
  try { return await act(); }
  catch (error) { place.append(make("span", { class: "error", role: "alert" }, error.message)); }
}
async function copy(button, text) {
  const words = button.textContent;
  try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
  catch { window.prompt("Copy this:", text); }
  setTimeout(() => { button.textContent = words; }, 1200);
}
const copiers = (curl, script) => [["curl", curl], ["Python", script]].map(([name, text]) =>
  make("button", { class: "copy", type: "button", "aria-label": "Copy as " + name,
    onclick: event => copy(event.target, text()) }, name));
const copiersOf = action => copiers(() => asCurl(action()), () => asPython(action()));
function row(words, action, then = () => {}) {
  const button = make("button", { type: "button",
    onclick: () => press(button, async () => then(await send(action()))) }, words);
  return make("div", { class: "actions" }, button, ...copiersOf(action));
}

// Requests
function table(members) {
  const rows = Object.entries(members).map(([name, value]) => make("tr", {}, make("th", {}, name),
    make("td", {}, typeof value === "string" ? value : JSON.stringify(value),
      SECRETS.has(name.toLowerCase()) ? make("span", { class: "secret" }, "secret") : null)));
  return rows.length ? make("div", { class: "scroll" }, make("table", {}, ...rows))
    : make("p", { class: "soft" }, "None.");
}
function answerBody(text) {
  try {
    const members = JSON.parse(text);
    if (members && typeof members === "object" && !Array.isArray(members)) return table(members);
  } catch { /* Not JSON: shown as it is. */ }
  return text ? make("pre", {}, text) : make("p", { class: "soft" }, "Nothing.");
}
const target = entry => origin + entry.path + (entry.method === "GET" && Object.keys(entry.parameters)
  .length ? "?" + new URLSearchParams(entry.parameters) : "");
const sentHeaders = entry => Object.fromEntries(["content-type", "authorization", "accept"]
  .filter(name => entry.headers[name]).map(name => [name, entry.headers[name]]));
const requestAsCurl = entry => ["curl", "-i", "-X", entry.method,
  ...Object.entries(sentHeaders(entry)).flatMap(([name, value]) => ["-H", shell(name + ": " + value)]),
  ...(entry.body ? ["--data-raw", shell(entry.body)] : []), shell(target(entry))].join(" ");
const requestAsPython = entry => `import urllib.error, urllib.request
request = urllib.request.Request(${python(target(entry))}, ${entry.body
  ? python(entry.body) + ".encode()" : "None"}, ${python(sentHeaders(entry))}, method=${python(entry.method)})
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())`;
const section = (title, content) => [make("h3", {}, title), content];
function detailsOf(entry) {
  return make("div", {}, entry.why ? make("p", { class: "why" }, entry.why) : null,
    make("div", { class: "actions" },
      ...copiers(() => requestAsCurl(entry), () => requestAsPython(entry))),
    ...section("Parameters", table(entry.parameters)),
    ...section("Headers", table(entry.headers)),
    ...section("Answer: " + (entry.status || "none"), answerBody(entry.answer.body)),
    ...section("Headers of the answer", table(Object.fromEntries(entry.answer.headers))));
}
function requestRow(entry) {
  const isBad = entry.status === 0 || entry.status >= 400;
  const grant = entry.parameters.grant_type ? " (" + entry.parameters.grant_type + ")" : "";
  const made = make("details", {}, make("summary", {},
    make("span", { class: "soft" }, entry.number + " · " + time(entry.at).slice(11, 19) + " "),
    make("code", {}, entry.method + " " + entry.path + grant + " "),
    make("span", { class: "status " + (isBad ? "bad" : "good") },
      (entry.status || "no answer") + " " + entry.error),
    entry.fault ? make("span", { class: "fault" }, " fault: " + entry.fault) : null));
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(detailsOf(entry));
  });
  return make("li", {}, made);
}
function addRequests(entries) {
  const list = get("request-list"), added = document.createDocumentFragment();
  for (const entry of entries.slice(-MOST_ROWS).reverse()) added.append(requestRow(entry));
  list.prepend(added);
  while (list.children.length > MOST_ROWS) list.lastChild.remove();
  filter("request");
}
function filter(name) {
  const words = get(name + "-filter").value.toLowerCase(), list = get(name + "-list");
  for (const row of list.children) row.hidden = !(row.dataset.words || row.firstChild.firstChild
    .textContent).toLowerCase().includes(words);
  if (name === "request") {
    get("request-count").textContent = list.children.length
      + (list.children.length >= MOST_ROWS ? " (the latest)" : "");
    get("no-requests").hidden = list.children.length > 0;
  }
}

// Faults
function field(name, schema, isRequired) {
  const kind = schema.type === "boolean" ? "checkbox"
    : schema.type === "integer" || schema.type === "number" ? "number" : "text";
  const input = make("input", { name, type: kind, step: kind === "number" && "any", min: schema.minimum,
    max: schema.maximum, value: kind === "checkbox" ? null : schema.default,
    placeholder: schema.type === "array" ? "a, b" : schema.type === "object" ? "{}" : null });
  if (isRequired && kind === "number" && schema.default == null) input.value = "5";
  if (isRequired && kind === "text") input.value = name === "error" ? "server_error" : "text/html";
  if (isRequired && name === "status") input.value = "500";
  return make("label", {}, name, input);
}
function valueOf(input, schema) {
  if (input.type === "checkbox") return input.checked;
  if (input.type === "number") return input.value === "" ? undefined : Number(input.value);
  if (schema.type === "array") return input.value ? input.value.split(",").map(one => one.trim()) : undefined;
  if (schema.type === "object") return input.value ? JSON.parse(input.value) : undefined;
  return input.value === "" ? undefined : input.value;
}
const GENERAL = new Set(["kind", "client_id", "match", "times", "is_processed"]);
function faultRow(schema) {
  const kind = schema.properties.kind.const, isOutage = kind.startsWith("connection_");
  const own = Object.entries(schema.properties).filter(([name]) => !GENERAL.has(name));
  const options = make("div", { class: "options" }, ...own.map(([name, one]) =>
    field(name, one, schema.required.includes(name))));
  if (!isOutage) options.append(
    make("label", {}, "Only for", make("select", { name: "grant_type" }, ...[["", "every request"],
      ["authorization_code", "code exchanges"], ["refresh_token", "refreshes"],
      ["client_credentials", "client credentials"]].map(([value, words]) =>
      make("option", { value }, words)))),
    make("label", {}, "Only with the token", make("input", { name: "token", placeholder: "any" })),
    make("label", {}, "How often", make("input", { name: "times", type: "number", min: 1,
      placeholder: "until off" })),
    make("label", {}, make("input", { name: "is_processed", type: "checkbox" }),
      "The request takes effect all the same"));
  const read = name => options.querySelector(`[name=${name}]`);
  const members = () => {
    const parameters = {};
    for (const [name, one] of own) {
      const value = valueOf(read(name), one);
      if (value !== undefined && value !== one.default && value !== false) parameters[name] = value;
    }
    if (isOutage) return parameters;
    const match = {};
    for (const name of ["grant_type", "token"]) if (read(name).value) match[name] = read(name).value;
    return { ...parameters, ...(Object.keys(match).length ? { match } : {}),
      times: read("times").value ? Number(read("times").value) : "forever",
      ...(read("is_processed").checked ? { is_processed: true } : {}) };
  };
  const plan = () => ({ method: "POST", path: "faults", body: { kind, ...members() },
    python: `.fault(${[python(kind), keywords(members())].filter(Boolean).join(", ")})` });
  const count = make("span", { class: "soft" });
  const about = schema.description?.replace(/`/g, "") || (kind === "connection_refused"
    ? "Close the port, so that no client can connect." : "Let connections neither come about nor fail.");
  const text = make("span", {}, make("b", {}, kind), make("span", {}, about), count);
  const button = make("button", { type: "button", class: "switch", ...(isOutage ? {}
    : { role: "switch", "aria-checked": "false" }) }, make("i"), text);
  button.onclick = () => press(button, async () => {
    const planned = isOutage ? [] : state.faults.filter(one => one.kind === kind);
    if (!planned.length) return send(plan());
    for (const one of planned) await send({ method: "DELETE", path: "faults/" + one.id });
  });
  options.append(make("div", { class: "actions" }, ...copiersOf(plan)));
  const made = make("li", {}, button, make("details", {}, make("summary", { class: "soft" },
    "Options of " + kind), options));
  made.dataset.kind = kind;
  made.dataset.words = kind.replace(/_/g, " ") + " " + kind + " " + about;
  made.show = planned => {
    if (isOutage) return;
    button.setAttribute("aria-checked", String(planned.length > 0));
    count.textContent = planned.map(one => `${one.played} played, ${one.times === "forever"
      ? "until off" : one.times - one.played + " left"}${Object.keys(one.match).length
      ? ", for " + Object.values(one.match).join(" ") : ""}`).join("; ");
  };
  return made;
}
function showFaults() {
  if (!kinds || !state) return;
  for (const one of get("fault-list").children)
    one.show(state.faults.filter(fault => fault.kind === one.dataset.kind));
  const on = [...new Set(state.faults.map(fault => fault.kind))];
  get("fault-count").textContent = on.length + " on" + (on.length ? ": " + on.join(", ") : "");
}

// Everything else
const CLOCK = [["+ 1 hour", { advance_hours: 1 }, "advance(hours=1)"],
  ["+ 1 day", { advance_days: 1 }, "advance(days=1)"],
  ["+ 6 months", { advance_days: 180 }, "advance(days=180)"]];
const clock = (body, script) => () => ({ method: "PUT", path: "clock", body, python: ".clock." + script });
function tick() {
  if (!state) return;
  const passed = state.clock.frozen ? 0 : (performance.now() - clockSeen) / 1000;
  get("now").textContent = time(state.clock.now + passed);
}
function showClock() {
  get("clock-state").textContent = state.clock.frozen ? "frozen" : "";
  const isFrozen = state.clock.frozen;
  get("clock-actions").replaceChildren(...CLOCK.map(([words, body, script]) =>
    row(words, clock(body, script))),
    row(isFrozen ? "Let it run" : "Freeze", clock({ frozen: !isFrozen }, isFrozen ? "run()" : "freeze()")),
    row("Back to now", clock({ now: "real", frozen: false }, "reset()")));
}
function showUsers() {
  get("user-list").replaceChildren(...state.users.map(user => make("li", {},
    make("b", {}, user.display_name), make("span", { class: "soft" }, " " + user.id
      + (state.app.quota_mode === "development" && !user.is_listed ? ", not on the app's list" : "")),
    row("Make a code", () => ({ method: "POST", path: "codes", body: { user: user.id },
      python: `.code(user=${python(user.id)})` }), said => { get("made").replaceChildren("Code: ",
      make("code", {}, said.code)); }),
    row("Make a grant", () => ({ method: "POST", path: "grants", body: { user: user.id },
      python: `.grant(user=${python(user.id)})` })),
    row("Revoke all", () => ({ method: "DELETE", path: "users/" + encodeURIComponent(user.id),
      python: `.revoke_user(${python(user.id)})` })))));
}
function showGrants() {
  get("grant-count").textContent = state.grant_count;
  get("grant-list").replaceChildren(...state.grants.slice().reverse().map(grant => make("li", {},
    make("b", {}, grant.user), " " + (grant.scope || "no scope"), make("div", { class: "soft" },
      time(grant.authorized_at) + " to " + time(grant.ends_at)),
    make("div", { class: "mono" }, grant.refresh_token.slice(0, 16) + "…",
      make("span", { class: "secret" }, "secret")),
    row("Revoke", () => ({ method: "DELETE", path: "grants/" + grant.id,
      python: `.revoke(${python(grant.id)})` })))));
}
function showApp() {
  const select = get("app"), ids = state.apps.map(app => app.client_id).join();
  if (ids !== [...select.options].map(option => option.value).join())
    select.replaceChildren(...state.apps.map(app =>
      make("option", { value: app.client_id }, app.name + " " + app.client_id.slice(0, 8))));
  select.value = state.app.client_id;
  get("app-table").replaceChildren(...table(state.app).querySelectorAll("tr"));
}
function show(next) {
  state = next;
  clockSeen = performance.now();
  showApp(); showClock(); tick(); showUsers(); showGrants(); showFaults();
}
function follow(clientId) {
  if (source) source.close();
  source = new EventSource("events" + (clientId ? "?client_id=" + encodeURIComponent(clientId) : ""));
  const live = (words, name) => { get("live").textContent = words; get("live").className = name; };
  source.onopen = () => live("Live", "on");
  source.onerror = () => live("Not connected; trying again", "off");
  source.addEventListener("state", event => show(JSON.parse(event.data)));
  source.addEventListener("clear", () => { get("request-list").replaceChildren(); filter("request"); });
  source.addEventListener("requests", event => addRequests(JSON.parse(event.data)));
  source.addEventListener("gone", () => follow());
}
function form(id, path, script) {
  get(id).onsubmit = event => {
    event.preventDefault();
    press(get(id).querySelector("button"), async () => {
      const body = Object.fromEntries(new FormData(event.target));
      await send({ method: "POST", path, body });
      event.target.reset();
    });
  };
  get(id).append(...copiers(() => asCurl({ method: "POST", path,
    body: Object.fromEntries(new FormData(get(id))) }),
  () => script(Object.fromEntries(new FormData(get(id))))));
}
get("accounts-url").textContent = origin;
for (const name of ["request", "fault"]) get(name + "-filter").oninput = () => filter(name);
get("app").onchange = () => follow(get("app").value);
get("request-actions").append(row("Clear", () => ({ method: "DELETE", path: "requests",
  python: ".clear_requests()" })));
get("fault-actions").append(row("All off", () => ({ method: "DELETE", path: "faults",
  python: ".clear_faults()" })));
get("app-actions").append(row("Reset this app", () => ({ method: "POST", path: "reset",
  python: ".reset()" })));
form("add-user", "users", ({ id }) =>
  `from fake_spotify.facts.registrations import User\n${subject()}.add_user(User(${python(id)}, ${
    python(id)}, ${python(id + "@example.com")}))`);
form("add-app", "apps", ({ name }) => `app = spotify.register(name=${python(name)})`);
fetch("openapi.json").then(answer => answer.json()).then(described => {
  kinds = described.components.schemas.Fault.oneOf;
  get("fault-list").replaceChildren(...kinds.map(faultRow));
  filter("fault");
  showFaults();
});
setInterval(tick, 500);
follow();
