// What a visitor sees before a log-in: the caisse they chose, help, and the ways of FranceConnect.

import { call, Refusal } from "./api.js";
import { $, complain, day, el, facts, link, paragraph, parameter, show, tell } from "./dom.js";

const COOKIE = "caisse";
const A_YEAR = 365 * 24 * 3600;

/** The caisse in the address, else the one this browser keeps: a plain cookie, read to say whom to call. */
function chosen() {
  const kept = document.cookie.split("; ").find((each) => each.startsWith(`${COOKIE}=`));
  return parameter("caisse") || (kept ? kept.slice(COOKIE.length + 1) : "");
}

/** Keep a caisse: the one a visitor chose, or the one of affiliation, which every log-in says again. */
export function keep(code) {
  document.cookie = `${COOKIE}=${encodeURIComponent(code)}; path=/; max-age=${code ? A_YEAR : 0}; samesite=lax`;
}

const asked = (path, query = {}) => {
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return call("GET", said.size ? `${path}?${said}` : path);
};

const portalPage = () => asked("/portal", { caisse: decodeURIComponent(chosen()) });

const card = (contact) => facts([
  ["Caisse", contact.name], ["Téléphone", link(`tel:${contact.phone.replaceAll(" ", "")}`, contact.phone)],
  ["Horaires", contact.hours], ["Accueil", link(contact.appointment_url, "Prendre rendez-vous")]]);

// The start page ------------------------------------------------------------------------------------------------

const entry = ({ title, text, links = [] }, when) => el("li", {}, el("strong", {}, title), when ? ` – ${day(when)}` : null,
  paragraph(text), ...links.map((each) => el("p", {}, link(each.url, each.label))));

const listed = (links) => el("ul", {}, ...links.map((each) => el("li", {}, link(each.url, each.label))));

async function portal(code) {
  const page = await asked("/portal", { caisse: code });
  $("caisse-name").textContent = page.caisse ? page.caisse.department : "non choisie";
  $("caisse-change").textContent = page.caisse ? "changer" : "choisir";
  show("sections", el("ul", { class: "plain" }, ...page.sections.map((each) => entry(each))));
  $("near-you").hidden = page.near_you.length === 0;
  show("news", el("ul", { class: "plain" }, ...page.near_you.map((each) => entry(each, each.published_on))));
  show("links", listed(page.links));
  $("audience-question").textContent = page.audience.question;
  show("audience", listed(page.audience.choices));
  show("contact", card(page.contact));
  return page;
}

async function choose() {
  const { caisses } = await asked("/caisses");
  const now = decodeURIComponent(chosen());
  const list = $("caisse");
  list.replaceChildren(el("option", { value: "" }, "Aucune en particulier"), ...caisses.map(({ code, department, name }) =>
    el("option", { value: code, ...(code === now && { selected: "" }) }, `${department} (${name})`)));
  $("caisse-choice").hidden = false;
  $("caisse-change").setAttribute("aria-expanded", "true");
  list.focus();
}

async function change() {
  keep($("caisse").value);
  history.replaceState(null, "", location.pathname);
  const page = await portal($("caisse").value);
  $("caisse-choice").hidden = true;
  $("caisse-change").setAttribute("aria-expanded", "false");
  tell("status", paragraph(page.caisse ? `Votre caisse : ${page.caisse.department}.` : "Aucune caisse n'est choisie."));
}

// Help ----------------------------------------------------------------------------------------------------------

const steps = (topic) => [el("ol", { class: "steps" }, ...topic.steps.map((each) => el("li", {}, each))),
  ...[...topic.links, topic.appointment].filter(Boolean).map((each) => el("p", {}, link(each.url, each.label)))];

async function explain(details) {
  const { topics } = await asked("/help", { channel: "web", topic: details.dataset.help, caisse: decodeURIComponent(chosen()) });
  details.querySelector("div").replaceChildren(...topics.flatMap(steps));
}

document.querySelectorAll("details[data-help]").forEach((details) =>
  details.addEventListener("toggle", () => explain(details).catch(complain), { once: true }));

// FranceConnect -------------------------------------------------------------------------------------------------

const picked = () => document.querySelector("[name=provider]:checked")?.value ?? "";

/** Where the button leads: with the account that was picked, and whether this browser is to remember it. */
export function authorization() {
  const said = new URLSearchParams({ client_id: "web" });
  if (picked()) said.set("provider", picked());
  if (picked() && $("remember").checked) said.set("remember", "true");
  return `/api/v1/franceconnect/authorize?${said}`;
}

/** The accounts that FranceConnect offers; the remembered one is selected, and nothing follows by itself. */
export function offer({ enabled, providers, preselected }) {
  $("providers").hidden = !enabled || providers.length === 0;
  const choice = ({ id, label }) => {
    const input = el("input", { type: "radio", name: "provider", id: `provider-${id}`, value: id });
    input.checked = id === (preselected ?? "");
    return el("p", { class: "choice" }, input, el("label", { for: input.id }, label));
  };
  show("provider-choices", ...[{ id: "", label: "Je choisirai chez FranceConnect" }, ...providers].map(choice));
  const known = providers.find((each) => each.id === preselected);
  $("remembered").hidden = !known;
  $("remembered-choice").textContent = known ? `Votre choix est retenu : ${known.label}.` : "";
  $("forget-choice").onclick = () => call("DELETE", "/franceconnect/choice").then(() => {
    offer({ enabled, providers, preselected: null });
    tell("status", paragraph("Votre choix est oublié."));
  }).catch(complain);
}

export const PUBLIC = {
  async welcome() {
    $("caisse-change").onclick = () => choose().catch(complain);
    $("caisse").onchange = () => change().catch(complain);
    await portal(decodeURIComponent(chosen()));
  },

  async help() {
    const { topics, contact } = await asked("/help", { channel: "web", caisse: decodeURIComponent(chosen()) });
    show("topics", ...topics.map((topic) => el("section", { id: topic.id, "aria-labelledby": `${topic.id}-title` },
      el("h2", { id: `${topic.id}-title` }, topic.title), ...steps(topic))));
    show("contact", card(contact));
    if (location.hash) document.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`)?.scrollIntoView();
  },
};

// Whom to call --------------------------------------------------------------------------------------------------

let answered = false;

/** Show whom an answer says to call: it may know more than this page. */
export function reach(contact) {
  if (!contact || !$("contact-card")) return;
  answered = true;
  show("contact-card", card(contact));
}

/** Under what a person may be stuck with: whom to call. Without an answer, the number that serves everybody stays. */
export async function contact() {
  if (!$("contact-card")) return;
  try {
    const page = await portalPage();
    if (!answered) show("contact-card", card(page.contact));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** The path with the caisse that this page's address names. */
export const from = (path) => (parameter("caisse") ? `${path}?caisse=${parameter("caisse")}` : path);

/** The regime of this id, whose accounts are elsewhere. */
export const elsewhere = async (id) => (await portalPage()).regimes.find((each) => each.id === id);
