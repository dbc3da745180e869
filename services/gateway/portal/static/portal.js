// One function a page, and one for every form. Text from the API is only ever set as text.

import { call, home, leave, Refusal } from "./api.js";

const $ = (id) => document.getElementById(id);
const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });
const instants = new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeStyle: "short", timeZone: "Europe/Paris" });
const UNAVAILABLE = "Cette information est momentanément indisponible.";

const day = (date) => (date ? date.split("-").reverse().join("/") : "");
const instant = (text) => instants.format(new Date(text)).replace(" ", " à ");
const amount = (cents) => `${cents < 0 ? "– " : ""}${euros.format(Math.abs(cents) / 100)}`;
const parameter = (name) => encodeURIComponent(new URLSearchParams(location.search).get(name) ?? "");

/** An element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const link = (href, text) => el("a", { href }, text);
const paragraph = (text) => el("p", {}, text);

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", {}, ...known.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)]));
}

function table(caption, heads, rows) {
  const cell = (tag, each, index, extra = {}) => el(tag, { ...extra, ...(heads[index].amount && { class: "amount" }) }, each);
  return el("table", {}, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head, index) => cell("th", head.label, index, { scope: "col" })))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((each, index) => cell("td", each, index))))));
}

function show(id, ...nodes) {
  $(id).replaceChildren(...nodes);
}

function tell(id, ...nodes) {
  const place = $(id);
  place.replaceChildren(...nodes);
  place.hidden = nodes.length === 0;
  if (nodes.length) place.focus();
}

function complain(error) {
  if (!(error instanceof Refusal)) throw error;
  const trace = error.status >= 500 && error.trace ? ` (référence : ${error.trace})` : "";
  tell("alert", paragraph(error.message + trace));
}

// Forms ---------------------------------------------------------------------------------------------------------

const DONE = {
  tell: (answer, form) => {
    form.hidden = true;
    tell("status", ...Object.values(answer).filter((text) => typeof text === "string").map(paragraph));
  },
  enter: (answer) => leave(answer.code_change_required ? "/choisir-mon-code" : "/accueil"),
  home: () => leave("/accueil"),
  follow: (answer) => leave(`/demarche?id=${encodeURIComponent(answer.request_id)}&nouvelle=1`),
};

function typed(form) {
  const body = {};
  for (const input of form.elements) {
    if (input.name && input.type !== "checkbox" && input.value.trim()) body[input.name] = input.value.trim();
  }
  if (form.dataset.client) body.client_id = form.dataset.client;
  if (form.dataset.kind) body.kind = form.dataset.kind;
  return body;
}

// What only the page can check: the second typing of a code, and a ticked box.
function slips(form, body) {
  const found = [];
  const { agreed, confirmation } = form.elements;
  if (agreed && !agreed.checked) found.push({ pointer: "/agreed", message: "Cochez cette case pour continuer." });
  if (confirmation && body.confirmation !== body.new_code) {
    found.push({ pointer: "/confirmation", message: "Les deux saisies du nouveau code diffèrent." });
  }
  delete body.confirmation;
  return found;
}

function mark(form, errors) {
  const unplaced = [];
  for (const input of form.elements) {
    if (!input.name) continue;
    input.removeAttribute("aria-invalid");
    $(`${input.name}-error`).textContent = "";
  }
  for (const { pointer, message } of errors) {
    const input = form.elements[pointer.slice(1)];
    if (!input) { unplaced.push(message); continue; }
    input.setAttribute("aria-invalid", "true");
    $(`${input.name}-error`).textContent = message;
  }
  return unplaced;
}

function summary(form, text, unplaced) {
  const wrong = [...form.elements].filter((input) => input.getAttribute("aria-invalid"));
  const items = wrong.map((input) => {
    const label = input.labels[0].textContent.replace("*", "").trim();
    return el("li", {}, link(`#${input.id}`, label), ` : ${$(`${input.id}-error`).textContent}`);
  });
  tell("alert", paragraph(text), el("ul", {}, ...items, ...unplaced.map((each) => el("li", {}, each))));
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  const [method, path] = form.dataset.call.split(" ");
  const body = typed(form);
  const wrong = slips(form, body);
  tell("alert");
  mark(form, wrong);
  if (wrong.length) { summary(form, "Certains champs sont à corriger.", []); return; }
  button.disabled = true;
  try {
    DONE[form.dataset.done](await call(method, path, body), form);
  } catch (error) {
    if (!(error instanceof Refusal) || !error.errors.length) { complain(error); return; }
    summary(form, error.message, mark(form, error.errors));
  } finally {
    button.disabled = false;
  }
}

// Pages ---------------------------------------------------------------------------------------------------------

const PAYMENT_HEADS = [{ label: "Date" }, { label: "Nature" }, { label: "Montant", amount: true }];

function block(id, part, fill) {
  const late = part.status === "stale" ? [el("p", { class: "hint" }, "Mise à jour en cours.")] : [];
  show(id, ...late, ...(part.status === "unavailable" ? [paragraph(UNAVAILABLE)] : fill(part)));
}

function refusals(count) {
  if (!count) return null;
  return count === 1 ? "1 tentative de connexion refusée avant celle-ci" : `${count} tentatives de connexion refusées avant celle-ci`;
}

const paymentRow = (line) => [
  day(line.payment_date), link(`/paiement?id=${line.payment_id}`, line.kind_label ?? line.label), amount(line.amount_cents),
];

const requestItem = (request) => el("li", {},
  link(`/demarche?id=${request.request_id}`, request.kind_label ?? request.title),
  ` – ${request.state_label}, demandée le ${day(request.ordered_on)}`);

const PAGES = {
  async home() {
    const page = await home();
    const { account, previous_login: before } = page;
    $("greeting").textContent = account.first_name ? `Bonjour ${account.first_name} ${account.last_name}` : "Bonjour";
    $("previous-login").textContent = [before.label, refusals(before.failed_attempts)].filter(Boolean).join(" – ");
    show("banners", ...page.banners.banners.map((each) => el("p", { class: `message ${each.level}` }, each.text)));
    block("latest-payments", page.latest_payments, ({ payments }) => payments.length
      ? [table("Les derniers paiements, du plus récent au plus ancien", PAYMENT_HEADS, payments.map(paymentRow))]
      : [paragraph("Aucun paiement.")]);
    block("requests-in-progress", page.requests_in_progress, ({ requests }) => requests.length
      ? [el("ul", {}, ...requests.map(requestItem))] : [paragraph("Aucune démarche en cours.")]);
    block("quick-requests", page.quick_requests, ({ requests }) => [el("ul", {}, ...requests.map(offered))]);
    block("caisse", page.caisse, (caisse) => [facts([
      ["Caisse", caisse.name ?? `Caisse ${caisse.code}`], ["Ville", caisse.town], ["Téléphone", caisse.phone]])]);
    $("as-of").textContent = page.as_of ? `Informations à jour au ${instant(page.as_of)}.` : "";
  },

  async payments() {
    const rows = [];
    const more = async (cursor) => {
      const page = await call("GET", `/payments${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
      rows.push(...page.items.map((line) => [day(line.payment_date),
        link(`/paiement?id=${line.payment_id}`, line.label), line.beneficiary, amount(line.amount_cents)]));
      $("window").textContent = `Vos paiements depuis le ${day(page.window_from)}.`;
      const heads = [{ label: "Date" }, { label: "Nature" }, { label: "Bénéficiaire" }, { label: "Montant", amount: true }];
      show("payments", rows.length ? table("Du plus récent au plus ancien", heads, rows) : paragraph("Aucun paiement."));
      $("more").hidden = !page.next_cursor;
      $("more").onclick = () => more(page.next_cursor).catch(complain);
    };
    await more();
  },

  async payment() {
    const payment = await call("GET", `/payments/${parameter("id")}`);
    show("payment", facts([
      ["Montant", amount(payment.amount_cents)], ["Payé le", day(payment.payment_date)], ["Acte", payment.label],
      ["Professionnel", payment.professional], ["Soins du", day(payment.care_date)], ["Bénéficiaire", payment.beneficiary],
      ["Dépense", amount(payment.charged_cents)], ["Base de remboursement", amount(payment.base_cents)],
      ["Taux", `${payment.rate_percent} %`]]));
    const heads = [{ label: "Étape" }, { label: "Explication" }, { label: "Montant", amount: true }];
    const rows = payment.explanation.map((step) => [step.label, step.text, amount(step.amount_cents)]);
    show("explanation", table("Les étapes s'additionnent pour donner le montant payé", heads, rows));
  },

  async requests() {
    const [mine, all] = await Promise.all([call("GET", "/requests"), call("GET", "/procedures")]);
    show("requests", mine.items.length ? el("ul", {}, ...mine.items.map(requestItem)) : paragraph("Aucune démarche."));
    show("procedures", el("ul", {}, ...all.items.filter((each) => each.channels.includes("web")).map((each) => el("li", {},
      offered({ kind: each.kind, label: each.title }).firstChild, ` – environ ${each.expected_days} jours. ${each.eligibility}`))));
  },

  async request() {
    const request = await call("GET", `/requests/${parameter("id")}`);
    if (parameter("nouvelle")) tell("status", paragraph("Votre demande est enregistrée. Un e-mail de confirmation vous est envoyé."));
    show("request", facts([
      ["Démarche", request.title], ["Numéro de suivi", request.tracking_number], ["État", request.state_label],
      ["Prochaine étape", request.next_step], ["Demandée le", day(request.ordered_on)], ["Prévue le", day(request.expected_on)],
      ["À envoyer", request.awaited.map((piece) => piece.label).join(", ")]]));
    const step = (each) => el("li", each.progress === "current" ? { "aria-current": "step" } : {},
      each.label, each.on ? ` – depuis le ${day(each.on)}` : " – à venir");
    show("timeline", el("ol", { class: "steps" }, ...request.timeline.map(step)));
  },

  async profile() {
    const [me, devices] = await Promise.all([call("GET", "/me"), call("GET", "/sessions")]);
    show("profile", facts([
      ["Nom", `${me.first_name} ${me.last_name}`], ["Adresse e-mail", me.email],
      ["E-mail validé", me.email_validated ? "Oui" : "Non"], ["Compte créé le", instant(me.created_at)]]));
    show("sessions", el("ul", {}, ...devices.sessions.map(device)));
  },
};

const ADDRESSES = { "vitale-card-order": "/carte-vitale" };

function offered({ kind, label }) {
  return el("li", {}, ADDRESSES[kind] ? link(ADDRESSES[kind], label) : el("span", {}, label));
}

function device(session) {
  const place = session.channel === "web" ? "Site web" : "Application";
  const text = `${place}, connecté le ${instant(session.opened_at)}`;
  if (session.current) return el("li", {}, `${text} (cet appareil)`);
  const button = el("button", { type: "button", class: "secondary", "aria-label": `Déconnecter : ${text}` }, "Déconnecter");
  const item = el("li", {}, `${text} `, button);
  button.onclick = () => call("DELETE", `/sessions/${session.session_id}`)
    .then(() => { item.remove(); tell("status", paragraph("L'appareil est déconnecté.")); }).catch(complain);
  return item;
}

// A page that comes back from the browser's memory may belong to a session that is over.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", submit));
$("log-out")?.addEventListener("click", () => call("DELETE", "/sessions/current").then(() => leave("/"), complain));
PAGES[document.body.dataset.page]?.().catch(complain);
