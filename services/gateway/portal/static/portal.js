// One function a page, and one for every form.

import { askedWith, call, home, leave, Refusal } from "./api.js";
import { $, amount, complain, day, el, facts, instant, link, paragraph, parameter, show, table, tell } from "./dom.js";
import { contact, from, keep, PUBLIC, reach } from "./public.js";
import { arrive, CEREMONIES, enter, notice, refused, SECURITY } from "./security.js";

const UNAVAILABLE = "Cette information est momentanément indisponible.";

// Forms ---------------------------------------------------------------------------------------------------------

const DONE = {
  // The code of a caisse is no sentence; its contact card is shown by `reach`.
  tell: ({ caisse: _, ...answer }, form) => {
    form.hidden = true;
    const { next, nextLabel } = form.dataset;
    const texts = Object.values(answer).filter((text) => typeof text === "string");
    tell("status", ...texts.map(paragraph), ...(next ? [el("p", {}, link(next, nextLabel))] : []));
  },
  enter,
  home: arrive,
  closed: (answer) => leave(answer?.continue_at ?? "/compte-ferme"),
  follow: (answer) => leave(`/demarche?id=${encodeURIComponent(answer.request_id)}&nouvelle=1`),
};

function typed(form) {
  const body = {};
  for (const input of form.elements) {
    if (input.name && input.type !== "checkbox" && input.value.trim()) body[input.name] = input.value.trim();
  }
  // As people write a date; one that the browser fills in is as it travels already.
  if (body.birth_date) body.birth_date = body.birth_date.replace(/^(\d\d)\D?(\d\d)\D?(\d{4})$/, "$3-$2-$1");
  if (body.second_code) { body.code = body.second_code; delete body.second_code; }
  if (form.id === "challenge") body.remember_device = $("remember-device").checked;
  if (form.id === "log-in" && askedWith()) body.asked_with = askedWith();
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
    const input = form.elements[pointer.slice(1)] ?? (pointer === "/code" ? form.elements.second_code : undefined);
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

// The browser earns its way in, where too many come from one network.
const working = (busy) => tell("status", ...(busy ? [paragraph("Vérification en cours, quelques secondes…")] : []));

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
    const answer = await call(method, from(path), body, working);
    reach(answer?.contact);
    await DONE[form.dataset.done](answer, form);
  } catch (error) {
    reach(error.contact);
    refused(form, error);
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
    notice();
    const page = await home();
    if (page.caisse.code) keep(page.caisse.code);
    const { account, previous_login: before } = page;
    $("greeting").textContent = account.first_name ? `Bonjour ${account.first_name} ${account.last_name}` : "Bonjour";
    $("previous-login").textContent = [before.label, refusals(before.failed_attempts)].filter(Boolean).join(" – ");
    show("banners", ...page.banners.banners.map(banner));
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

  ...PUBLIC,
  ...SECURITY,
};

const ADDRESSES = { "vitale-card-order": "/carte-vitale" };
const TO_DO = {
  "choose-code": ["/choisir-mon-code", "Choisir un code"],
  "add-email": ["/changer-mon-adresse", "Ajouter une adresse e-mail"],
};

function banner({ id, level, text }) {
  const act = TO_DO[id] ? [" ", link(...TO_DO[id])] : [];
  return el("p", { class: `message ${level}` }, text, ...act);
}

function offered({ kind, label }) {
  return el("li", {}, ADDRESSES[kind] ? link(ADDRESSES[kind], label) : el("span", {}, label));
}

// A page that comes back from the browser's memory may belong to a session that is over.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", submit));
$("log-out")?.addEventListener("click", () =>
  call("DELETE", "/sessions/current").then((answer) => leave(answer?.continue_at ?? "/"), complain));
document.querySelectorAll("[data-ceremony]").forEach((button) =>
  button.addEventListener("click", () => CEREMONIES[button.dataset.ceremony]().catch(complain)));
PAGES[document.body.dataset.page]?.().catch(complain);
contact();
