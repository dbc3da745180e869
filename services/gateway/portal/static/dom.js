// Building blocks of the pages. Text from the API is only ever set as text.

import { Refusal } from "./api.js";

export const $ = (id) => document.getElementById(id);
const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });
const instants = new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeStyle: "short", timeZone: "Europe/Paris" });

export const day = (date) => (date ? date.split("-").reverse().join("/") : "");
export const instant = (text) => instants.format(new Date(text)).replace(" ", " à ");
export const amount = (cents) => `${cents < 0 ? "– " : ""}${euros.format(Math.abs(cents) / 100)}`;
export const parameter = (name) => encodeURIComponent(new URLSearchParams(location.search).get(name) ?? "");

/** An element with attributes and children; strings become text. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const link = (href, text) => el("a", { href }, text);
export const paragraph = (text) => el("p", {}, text);

export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", {}, ...known.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)]));
}

export function table(caption, heads, rows) {
  const cell = (tag, each, index, extra = {}) => el(tag, { ...extra, ...(heads[index].amount && { class: "amount" }) }, each);
  return el("table", {}, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head, index) => cell("th", head.label, index, { scope: "col" })))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((each, index) => cell("td", each, index))))));
}

export function show(id, ...nodes) {
  $(id).replaceChildren(...nodes);
}

export function tell(id, ...nodes) {
  const place = $(id);
  place.replaceChildren(...nodes);
  place.hidden = nodes.length === 0;
  if (nodes.length) place.focus();
}

export function complain(error) {
  if (!(error instanceof Refusal)) throw error;
  const trace = error.status >= 500 && error.trace ? ` (référence : ${error.trace})` : "";
  tell("alert", paragraph(error.message + trace));
}
