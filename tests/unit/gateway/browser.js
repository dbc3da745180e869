// As much of a browser as the portal's pages use: elements, an address, cookies, and an API that answers as told.

import { readFileSync } from "node:fs";

const told = JSON.parse(readFileSync(0, "utf8"));

class Element {
  constructor(tag) {
    this.tag = tag;
    this.attributes = {};
    this.childNodes = [];
    this.listeners = {};
    this.parent = null;
    this.checkedness = null;
    this.chosen = null;
  }

  get id() { return this.attributes.id ?? ""; }
  get name() { return this.attributes.name ?? ""; }
  get type() { return this.attributes.type ?? ""; }
  get hidden() { return "hidden" in this.attributes; }
  set hidden(value) { this.flag("hidden", value); }
  get disabled() { return "disabled" in this.attributes; }
  set disabled(value) { this.flag("disabled", value); }
  get checked() { return this.checkedness ?? "checked" in this.attributes; }
  set checked(value) {
    const group = this.type === "radio" && value ? all(document.body, `[name=${this.name}]`) : [];
    for (const each of group) each.checkedness = false;
    this.checkedness = value;
  }
  get value() {
    const selected = () => this.childNodes.find((each) => each.attributes && "selected" in each.attributes);
    return this.chosen ?? (this.tag === "select" ? selected()?.attributes.value : this.attributes.value) ?? "";
  }
  set value(value) { this.chosen = value; }
  get firstChild() { return this.childNodes[0] ?? null; }
  get elements() {
    const found = all(this, "input");
    for (const each of found) found[each.name] = each;
    return found;
  }
  get labels() { return all(document.body, "label").filter((each) => each.attributes.for === this.id); }
  get dataset() {
    const named = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return new Proxy(this.attributes, {
      get: (attributes, name) => attributes[named(name)],
      set: (attributes, name, value) => { attributes[named(name)] = String(value); return true; },
    });
  }
  get textContent() { return this.childNodes.map((each) => each.textContent ?? each).join(""); }
  set textContent(text) { this.replaceChildren(text); }

  flag(name, on) { if (on) this.attributes[name] = ""; else delete this.attributes[name]; }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  append(...nodes) {
    for (const each of nodes) {
      if (each instanceof Element) { each.remove(); each.parent = this; }
      this.childNodes.push(each instanceof Element ? each : String(each));
    }
  }
  replaceChildren(...nodes) {
    this.childNodes = [];
    this.append(...nodes);
  }
  remove() { if (this.parent) this.parent.childNodes = this.parent.childNodes.filter((each) => each !== this); }
  focus() { document.activeElement = this; }
  scrollIntoView() {}
  addEventListener(kind, listener) { (this.listeners[kind] ??= []).push(listener); }
  querySelector(selector) { return all(this, selector)[0] ?? null; }
  async happen(kind) {
    const event = { target: this, preventDefault() {} };
    for (const listener of [...(this.listeners[kind] ?? []), this[`on${kind}`]].filter(Boolean)) listener(event);
    await settled();
  }
}

function* within(element) {
  for (const each of element.childNodes) {
    if (each instanceof Element) { yield each; yield* within(each); }
  }
}

// `tag`, `[name]`, `[name=value]` and `:checked`, one after the other; anything else is a mistake of this file.
function all(root, selector) {
  const [whole, tag, attributes, checked] = /^([a-z]*)((?:\[[^\]]+\])*)(:checked)?$/.exec(selector) ?? [];
  if (whole === undefined) throw new Error(`not understood: ${selector}`);
  const wanted = [...attributes.matchAll(/\[([\w-]+)(?:="?([^"\]]*)"?)?\]/g)];
  return [...within(root)].filter((each) => (!tag || each.tag === tag) && (!checked || each.checked)
    && wanted.every(([, name, value]) => name in each.attributes && (value === undefined || each.attributes[name] === value)));
}

function built({ tag, attributes, children }) {
  const element = new Element(tag);
  Object.assign(element.attributes, attributes);
  element.append(...children.map((each) => (typeof each === "string" ? each : built(each))));
  return element;
}

// The page --------------------------------------------------------------------------------------------------------

const calls = [];
const left = [];
const problems = [];
const cookies = new Map(Object.entries(told.cookies));
const address = new URL(told.address, "https://compte.invalid");
const kept = (items) => ({
  getItem: (name) => items[name] ?? null,
  setItem: (name, value) => { items[name] = value; },
  removeItem: (name) => { delete items[name]; },
});
const page = built(told.page);

globalThis.document = {
  body: page,
  getElementById: (id) => all(page, `[id=${id}]`)[0] ?? null,
  querySelector: (selector) => page.querySelector(selector),
  querySelectorAll: (selector) => all(page, selector),
  createElement: (tag) => new Element(tag),
  get cookie() { return [...cookies].map((pair) => pair.join("=")).join("; "); },
  set cookie(text) {
    const [[name, value], ...more] = text.split("; ").map((each) => each.split("="));
    if (more.some(([key, life]) => key === "max-age" && life === "0")) cookies.delete(name);
    else cookies.set(name, value);
  },
};
globalThis.location = {
  get pathname() { return address.pathname; },
  get search() { return address.search; },
  get hash() { return address.hash; },
  replace: (to) => left.push(to),
  assign: (to) => left.push(to),
  reload() {},
};
globalThis.history = { replaceState() {} };
globalThis.sessionStorage = kept({});
globalThis.localStorage = kept(told.kept);
globalThis.addEventListener = () => {};
Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });

let waiting = 0;
globalThis.fetch = async (path, { method, body, headers }) => {
  const asked = `${method} ${path.replace("/api/v1", "")}`;
  calls.push({ asked, body: body === undefined ? null : JSON.parse(body), key: headers["Idempotency-Key"] ?? null });
  waiting += 1;
  await new Promise(setImmediate);
  waiting -= 1;
  const answers = told.answers[asked] ?? told.answers[asked.split("?")[0]];
  const answer = answers?.length > 1 ? answers.shift() : answers?.[0];
  if (!answer) throw new TypeError(`nobody answers ${asked}`);
  return new Response(answer.body === null ? null : JSON.stringify(answer.body), { status: answer.status });
};
process.on("unhandledRejection", (error) => problems.push(String(error?.stack ?? error)));

async function settled() {
  for (let quiet = 0; quiet < 10; quiet = waiting ? 0 : quiet + 1) await new Promise(setImmediate);
}

let late = 0;
const clock = Date.now;
Date.now = () => clock() + late;

const STEPS = {
  type: ([id, value]) => { document.getElementById(id).value = value; },
  untick: ([id]) => { document.getElementById(id).checked = false; },
  pick: ([id]) => { document.getElementById(id).checked = true; },
  choose: ([id, value]) => { document.getElementById(id).value = value; return document.getElementById(id).happen("change"); },
  click: ([id]) => document.getElementById(id).happen("click"),
  submit: ([id]) => (id ? document.getElementById(id) : page.querySelector("form")).happen("submit"),
  wait: ([seconds]) => { late += 1000 * seconds; },
};

await import("./portal.js");
await settled();
for (const [step, ...said] of told.steps) await STEPS[step](said);

const seen = {};
for (const each of within(page)) {
  if (!each.id) continue;
  let hidden = false;
  for (let at = each; at; at = at.parent) hidden ||= at.hidden;
  seen[each.id] = {
    text: each.textContent, shown: !hidden, checked: each.checked, disabled: each.disabled, value: each.value,
    links: all(each, "a").map((link) => link.attributes.href),
  };
}
process.stdout.write(JSON.stringify({ seen, calls, left, problems, cookies: Object.fromEntries(cookies), kept: told.kept }));
