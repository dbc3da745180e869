// Calls to the public API: the session goes on by itself, a repeated click is one command, own writes are read.

import { proof } from "./proof.js";

const BASE = "/api/v1";
const REFRESH = "/sessions/refresh";
const LEAVE = "/sessions/current";
const REFRESHED = "refreshed-at";
const REFRESHES_WITH = "refreshes-with";
const READ_AFTER = "read-after";
const SAME_FOR_ALL = /^\/(portal|caisses|help)\b/;
const ENTERING = /^\/(sessions(?!\/refresh)|email-validations|account-freezes)/;
const ASKING = /^\/(accounts|code-resets)\b/;
const ASKED_WITH = "asked-with";
let keys = new Map();

/** A refusal of the API (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ? `${problem.title}. ${problem.detail}` : "Le service ne répond pas. Réessayez dans quelques secondes.");
    this.status = status;
    this.errors = problem.errors ?? [];
    this.contact = problem.contact;
    this.slug = (problem.type ?? "").split("/").pop();
    this.trace = problem.trace_id;
  }
}

/** The JSON answer (null when empty). Throws Refusal. `working(true)`: it takes seconds, until `working(false)`. */
export async function call(method, path, body, working = () => {}) {
  const started = Date.now();
  const entering = method === "POST" && ENTERING.test(path);
  let response = await paid(method, path, body, working);
  if ((await over(response, entering)) && (await refresh(started, working))) {
    response = await paid(method, path, body, working);
  }
  const text = await response.text();
  const answer = read(text);
  if (response.ok) {
    remember(response.headers.get("X-Read-After"));
    if (method === "POST" && ASKING.test(path)) localStorage.setItem(ASKED_WITH, keyOf(method, path, body));
    if (method !== "GET") keys = new Map();
    return answer;
  }
  const refusal = new Refusal(response.status, answer ?? {});
  if (response.status === 401 && !entering) leave("/connexion");
  if (refusal.slug === "code-change-required") leave("/choisir-mon-code");
  throw refusal;
}

/** What the API answers in this form, to be kept as a file of that name. Throws Refusal. */
export async function file(path, form) {
  const started = Date.now();
  const ask = () => send("GET", path, undefined, undefined, form);
  let response = await ask();
  if ((await over(response, false)) && (await refresh(started))) response = await ask();
  if (response.ok) {
    const [, name] = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition")) ?? [];
    return { content: await response.blob(), name: name ?? "compte" };
  }
  if (response.status === 401) leave("/connexion");
  throw new Refusal(response.status, await response.json().catch(() => ({})));
}

/** The key under which this browser last asked for a code: it tries that code apart from whoever knows the number. */
export const askedWith = () => localStorage.getItem(ASKED_WITH) ?? undefined;

/** The home page, with whatever this browser has written. */
export async function home() {
  remember(broughtAlong());
  const page = await call("GET", "/home");
  const stale = Object.values(page).some((block) => block?.status === "stale");
  if (!stale) sessionStorage.removeItem(READ_AFTER);
  return page;
}

/** Go to another page, without a way back to this one. */
export function leave(address) {
  document.querySelector("main").hidden = true;
  location.replace(address);
}

async function send(method, path, body, solution, form = "application/json") {
  const headers = { Accept: form, "Accept-Language": "fr" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["Idempotency-Key"] = keyOf(method, path, body);
  if (solution) headers["X-Altcha"] = solution;
  const written = sessionStorage.getItem(READ_AFTER);
  if (path === "/home" && written) headers["X-Read-After"] = written;
  try {
    return await fetch(BASE + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin",
      cache: SAME_FOR_ALL.test(path) ? "default" : "no-store",
    });
  } catch {
    throw new Refusal(0, {});
  }
}

// Whether a refresh may help: the access token has expired, or is of before the choice of a code.
async function over(response, entering) {
  if (entering) return false;
  if (response.status === 401) return true;
  if (response.status !== 403) return false;
  const problem = await response.clone().json().catch(() => ({}));
  return (problem.type ?? "").endsWith("code-change-required");
}

// The answer; where work is asked for, the one after it.
async function paid(method, path, body, working) {
  const response = await send(method, path, body);
  const challenge = await offered(response);
  if (!challenge) return response;
  working(true);
  const solution = await proof(challenge).finally(() => working(false));
  return solution ? send(method, path, body, solution) : response;
}

// Too many come from this network: the work that lets one of them in all the same, if there is such.
async function offered(response) {
  if (response.status !== 429) return undefined;
  return (await response.clone().json().catch(() => ({}))).proof_of_work;
}

// A refresh token works once: tabs take turns, and one that waited uses what the other got. Who is told to wait, or gets
// no answer, is still logged in: a Refusal says to try again.
async function refresh(started, working) {
  const turn = async () => {
    if (Number(localStorage.getItem(REFRESHED)) >= started) return true;
    const response = await paid("POST", REFRESH, undefined, working);
    if (response.status === 429 || response.status >= 500) {
      throw new Refusal(response.status, await response.json().catch(() => ({})));
    }
    if (response.ok) {
      localStorage.removeItem(REFRESHES_WITH);
      localStorage.setItem(REFRESHED, String(Date.now()));
    }
    return response.ok;
  };
  return navigator.locks ? navigator.locks.request("refresh", turn) : turn();
}

// The same words again are the same command; other words, or the next command, are another one. A page may be left
// before the new tokens arrive: the next one shows the old ones again, and gets the same under the same key. So does a
// log-out, which may have to refresh first. Once the tokens are there the next ones have another key, so that whoever
// copied everything of this browser is found out.
function keyOf(method, path, body) {
  if (path === REFRESH || path === LEAVE) return ownKey();
  const command = `${method} ${path} ${JSON.stringify(body ?? null)}`;
  if (!keys.has(command)) keys.set(command, crypto.randomUUID());
  return keys.get(command);
}

// What is no JSON comes from somebody before the gateway.
function read(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function ownKey() {
  const key = localStorage.getItem(REFRESHES_WITH) ?? crypto.randomUUID();
  localStorage.setItem(REFRESHES_WITH, key);
  return key;
}

// What a redirect that ended here has written.
function broughtAlong() {
  const [, header] = /^#apres=(identity=[0-9]{1,12})$/.exec(location.hash) ?? [];
  if (location.hash.startsWith("#apres=")) history.replaceState(null, "", location.pathname);
  return header;
}

function remember(header) {
  const written = new Map();
  for (const pair of [sessionStorage.getItem(READ_AFTER), header].filter(Boolean).join(",").split(",").filter(Boolean)) {
    const [service, sequence] = pair.trim().split("=");
    written.set(service, Math.max(Number(sequence), written.get(service) ?? 0));
  }
  if (written.size) sessionStorage.setItem(READ_AFTER, [...written].map((pair) => pair.join("=")).join(","));
}
