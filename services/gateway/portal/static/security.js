// Ways in, devices, passkeys, the e-mail address, and who looked at what.

import { call, file, leave, Refusal } from "./api.js";
import { authorization, elsewhere, offer } from "./public.js";
import { $, complain, el, facts, instant, link, paragraph, parameter, show, table, tell } from "./dom.js";

const PLACES = { web: "Site web", app: "Application" };
const WAYS = { code: "par code", franceconnect: "par FranceConnect", passkey: "par clé d'accès" };
const RESULTS = {
  "no-match": "FranceConnect vous a reconnu, mais pas notre registre. Contactez votre caisse : elle vérifiera votre état civil.",
  "several-matches": "Votre état civil ne désigne pas à coup sûr un seul dossier. Votre caisse va vérifier ; vous pouvez aussi l'appeler.",
  "regime-not-covered": "Vous dépendez d'un autre régime : votre compte se crée sur son propre portail.",
  refused: "La connexion par FranceConnect n'a pas abouti. Recommencez, ou connectez-vous avec votre code.",
};
const NOTICES = {
  indisponible: "FranceConnect ne répond pas pour le moment. La connexion avec votre code fonctionne.",
  refus: "La connexion par FranceConnect n'a pas abouti. Recommencez, ou connectez-vous avec votre code.",
  boucle: "Vous avez choisi ameli chez FranceConnect : c'est ce compte-ci, il ne peut pas prouver qui vous êtes. Recommencez avec un autre compte, ou connectez-vous avec votre code.",
  "non-lie": "Vous êtes connecté, mais FranceConnect n'ouvre pas encore ce compte. Pour essayer à nouveau, déconnectez-vous, choisissez FranceConnect à la page de connexion, puis entrez votre code.",
  lier: "Vous avez déjà un compte. Connectez-vous une fois avec votre code : FranceConnect l'ouvrira ensuite.",
};

/** What follows a log-in: the second code of a new device, the choice of a code, or the home page. */
export async function enter(answer, form) {
  if (answer.challenge_id) {
    form.hidden = true;
    const second = $("challenge");
    second.dataset.call = `POST /sessions/challenges/${answer.challenge_id}`;
    second.dataset.until = String(Date.now() + 1000 * answer.expires_in);
    second.hidden = false;
    $("again").onclick = again;
    tell("status", paragraph(answer.message), paragraph(answer.spam_hint));
    return;
  }
  if (!answer.code_change_required) await arrive();
  else leave(linking() ? "/choisir-mon-code?franceconnect=lier" : "/choisir-mon-code");
}

/** The home page, with the account linked to FranceConnect if the person came for that; refused, it says so there. */
export async function arrive() {
  leave(!linking() || (await linked()) ? "/accueil" : "/accueil?franceconnect=non-lie");
}

/** What a refusal changes on the page: a second code that has expired leads nowhere, so the log-in begins again. */
export function refused(form, error) {
  if (form.id === "challenge" && error.status === 401 && Date.now() >= Number(form.dataset.until)) again();
}

/** Say what FranceConnect's way here came to. */
export function notice() {
  const text = said(NOTICES, "franceconnect");
  if (text) tell("status", paragraph(text));
}

const said = (texts, name) => (Object.hasOwn(texts, parameter(name)) ? texts[parameter(name)] : undefined);

const linking = () => parameter("franceconnect") === "lier";

// Without a session or a code of one's own there is another page to go to first, and call() has gone there.
async function linked() {
  try {
    await call("POST", "/me/franceconnect");
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 401 || error.slug === "code-change-required") throw error;
    return false;
  }
  return true;
}

function again() {
  $("challenge").hidden = true;
  $("log-in").hidden = false;
  $("code").value = $("second_code").value = "";
  tell("status");
  $("code").focus();
}

export const CEREMONIES = {
  async franceconnect() {
    location.assign(authorization());
  },

  async passkey() {
    const { ceremony_id, public_key } = await call("POST", "/sessions/passkeys/options", {});
    const credential = await asked(() => navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(public_key) }));
    if (credential) await enter(await call("POST", "/sessions/passkeys", { ceremony_id, credential, client_id: "web" }));
  },

  async addPasskey() {
    const code = $("passkey_code").value.trim();
    const { ceremony_id, public_key } = await call("POST", "/me/passkeys/options", code ? { current_code: code } : {});
    const credential = await asked(() => navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(public_key) }));
    if (!credential) return;
    await call("POST", "/me/passkeys", { ceremony_id, credential });
    location.reload();
  },

  async leaveEverywhere() {
    const answer = await call("DELETE", "/sessions");
    leave(answer?.continue_at ?? "/");
  },

  async keepLog() {
    const { content, name } = await file("/me/access-log", "text/csv");
    const address = URL.createObjectURL(content);
    el("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  },
};

export const SECURITY = {
  async enter() {
    if (parameter("state").startsWith("compte-ferme")) { leave("/compte-ferme"); return; }
    notice();
    if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) $("passkey").hidden = true;
    const offered = await call("GET", "/franceconnect/providers");
    const { enabled } = offered;
    offer(offered);
    $("franceconnect").disabled = !enabled;
    $("franceconnect-notice").textContent = enabled ? "" : NOTICES.indisponible;
  },

  async franceconnect() {
    show("result", paragraph(said(RESULTS, "resultat") ?? RESULTS.refused));
    const regime = parameter("regime") && await elsewhere(parameter("regime"));
    if (regime) $("result").append(el("p", {}, "Votre régime : ", link(regime.url, regime.label)));
  },

  // What came with the address is for the application alone: it need not stay in the history.
  async application() {
    history.replaceState(null, "", location.pathname);
  },

  async validation() {
    const { message } = await call("POST", "/email-validations", { token: token() });
    tell("status", paragraph(message));
  },

  async freeze() {
    const secret = token();
    $("freeze").onclick = () => call("POST", "/account-freezes", { token: secret }).then((answer) => {
      $("question").hidden = true;
      tell("status", ...Object.values(answer).flat().map(paragraph));
    }).catch(complain);
  },

  async profile() {
    const [me, sessions, known, keys] = await Promise.all(
      ["/me", "/sessions", "/devices", "/me/passkeys"].map((path) => call("GET", path)));
    const before = me.previous_log_in;
    show("profile", facts([
      ["Nom", `${me.first_name} ${me.last_name}`], ["Adresse e-mail", me.email ?? "Aucune"],
      ["À savoir", me.email_advice], ["E-mail validé", me.email_validated ? "Oui" : "Non"], ["Adresse à valider", me.pending_email],
      ["Compte créé le", instant(me.created_at)],
      ["Connexion précédente", before && `${instant(before.at)}, ${PLACES[before.channel].toLowerCase()}, ${WAYS[before.way]}`],
      ["Essais refusés depuis", me.failed_attempts_since ? String(me.failed_attempts_since) : ""]]));
    show("sessions", el("ul", {}, ...sessions.sessions.map(session)));
    show("known-devices", known.devices.length ? el("ul", {}, ...known.devices.map(device)) : paragraph("Aucun."));
    show("passkeys", keys.passkeys.length ? el("ul", {}, ...keys.passkeys.map(passkey)) : paragraph("Aucune."));
  },

  async accessLog() {
    const rows = [];
    const more = async (cursor) => {
      const page = await call("GET", `/me/access-log${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
      rows.push(...page.entries.map((each) => [instant(each.at), each.label, each.channel ? PLACES[each.channel] : ""]));
      const heads = [{ label: "Date" }, { label: "Quoi" }, { label: "Par où" }];
      show("entries", rows.length ? table("Du plus récent au plus ancien", heads, rows) : paragraph("Rien pour le moment."));
      $("more").hidden = !page.next_cursor;
      $("more").onclick = () => more(page.next_cursor).catch(complain);
    };
    await more();
  },
};

// The secret of a mailed link stands after the #, so that it reaches no server's log.
function token() {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return secret;
}

// A person who closes the authenticator's window has changed their mind: nothing to report.
async function asked(ceremony) {
  try {
    return (await ceremony())?.toJSON();
  } catch (error) {
    if (error.name === "NotAllowedError" || error.name === "AbortError") return null;
    if (error.name === "SecurityError") {
      tell("alert", paragraph("Les clés d'accès ne fonctionnent pas à cette adresse du site."));
      return null;
    }
    throw error;
  }
}

function session(each) {
  const text = `${PLACES[each.channel]}, connecté le ${instant(each.opened_at)}`;
  return each.current ? el("li", {}, `${text} (cet appareil)`)
    : removable(text, "Déconnecter", `/sessions/${each.session_id}`, "L'appareil est déconnecté.");
}

const device = (each) => removable(`${each.client_id === "web" ? "Navigateur" : "Téléphone"}, connu jusqu'au ${instant(each.until)}`
  + (each.current ? " (cet appareil)" : ""), "Oublier", `/devices/${each.device_id}`, "L'appareil est oublié.");

const passkey = (each) => removable(`${each.name ?? "Clé d'accès"}, ajoutée le ${instant(each.added_at)}`,
  "Retirer", `/me/passkeys/${each.passkey_id}`, "La clé d'accès est retirée.");

function removable(text, label, path, done) {
  const button = el("button", { type: "button", class: "secondary", "aria-label": `${label} : ${text}` }, label);
  const item = el("li", {}, `${text} `, button);
  button.onclick = () => call("DELETE", path)
    .then(() => { item.remove(); tell("status", paragraph(done)); }).catch(complain);
  return item;
}
