"""What an entry of the access log says to the person it is about."""

from collections.abc import Mapping

from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.problems import Text
from services.identity.domain.access_log import Entry, What, Who

NOTHING = Text("", "")
SENTENCES: Mapping[What, Text] = {
    What.ACCOUNT_CREATED: Text("Création de votre compte", "Creation of your account"),
    What.ACCOUNT_CLOSED: Text("Clôture de votre compte", "Closure of your account"),
    What.ACCOUNT_FROZEN: Text("Blocage de votre compte par « Ce n'est pas moi »", "Freeze of your account"),
    What.ACCOUNT_REOPENED: Text("Réouverture de votre compte", "Reopening of your account"),
    What.CREATION_ATTEMPTED: Text(
        "Demande de création d'un compte avec votre numéro ou votre adresse e-mail, sans suite",
        "Request for an account with your number or e-mail address, without effect",
    ),
    What.LOGGED_IN: Text("Connexion à votre compte", "Log-in to your account"),
    What.LOG_IN_BLOCKED: Text("Blocage provisoire de la connexion", "Log-in blocked for a while"),
    What.DEVICE_CHALLENGED: Text(
        "Bon code tapé sur un appareil inconnu : un second code vous a été envoyé",
        "Right code typed on an unknown device: a second code was sent to you",
    ),
    What.SESSIONS_ENDED: Text("Fin d'une ou de plusieurs connexions", "End of one or several sessions"),
    What.CODE_ASKED: Text("Demande d'un code provisoire", "Request for a provisional code"),
    What.CODE_CHOSEN: Text("Choix d'un nouveau code", "Choice of a new code"),
    What.EMAIL_CHANGE_ASKED: Text("Demande de changement d'adresse e-mail", "Request for another e-mail address"),
    What.EMAIL_CHANGED: Text("Changement de votre adresse e-mail", "Change of your e-mail address"),
    What.EMAIL_VALIDATED: Text("Validation de votre adresse e-mail", "Validation of your e-mail address"),
    What.EMAIL_FOUND_DEAD: Text(
        "Constat que votre adresse e-mail ne reçoit pas nos messages",
        "Your e-mail address found to get no mail of ours",
    ),
    What.FRANCECONNECT_LINKED: Text("Ajout de FranceConnect à votre compte", "FranceConnect added to your account"),
    What.REVIEW_READ: Text(
        "Consultation de votre identité, pour savoir qui est venu par FranceConnect",
        "Look at your identity, to find out who came by FranceConnect",
    ),
    What.REVIEW_CONFIRMED: Text(
        "Constat que la personne venue par FranceConnect, c'est vous",
        "Somebody who came by FranceConnect found to be you",
    ),
    What.REVIEW_DENIED: Text(
        "Constat que la personne venue par FranceConnect, ce n'est pas vous",
        "Somebody who came by FranceConnect found not to be you",
    ),
    What.PASSKEY_ADDED: Text("Ajout d'une clé d'accès", "Passkey added"),
    What.PASSKEY_REMOVED: Text("Retrait d'une clé d'accès", "Passkey removed"),
    What.NIR_CERTIFIED: Text(
        "Certification de votre numéro de sécurité sociale", "Certification of your social security number"
    ),
    What.CAISSE_CHANGED: Text("Rattachement à une autre caisse", "Move to another caisse"),
    What.NAME_CHANGED: Text("Changement de votre nom", "Change of your name"),
    What.PROFILE_VIEWED: Text("Consultation de votre profil", "Look at your profile"),
    What.PAYMENTS_VIEWED: Text("Consultation de vos paiements", "Look at your payments"),
    What.REIMBURSEMENT_PAID: Text("Remboursement ajouté à votre dossier", "Reimbursement added to your file"),
    What.REQUESTS_VIEWED: Text("Consultation de vos démarches", "Look at your requests"),
    What.CARD_ORDERED: Text("Commande d'une carte Vitale", "Order of a carte Vitale"),
    What.EMAIL_SENT: Text("E-mail que nous vous avons envoyé", "E-mail that we sent you"),
}
DOERS: Mapping[Who, Text] = {
    Who.SELF: NOTHING,
    Who.CAISSE: Text(" (votre caisse)", " (your caisse)"),
    Who.STRANGER: Text(" (quelqu'un qui n'était pas connecté)", " (somebody who was not logged in)"),
    Who.AGENT: Text(" (un agent de votre caisse)", " (an agent of your caisse)"),
    Who.HELPER: Text(" (votre aidant)", " (your helper)"),
}
WAYS: Mapping[LogInWay | None, Text] = {
    None: NOTHING,
    LogInWay.CODE: Text(" par code", " by code"),
    LogInWay.FRANCECONNECT: Text(" par FranceConnect", " by FranceConnect"),
    LogInWay.PASSKEY: Text(" par clé d'accès", " with a passkey"),
}
PLACES: Mapping[Channel | None, Text] = {
    None: NOTHING,
    Channel.WEB: Text(" depuis le site", " on the website"),
    Channel.APP: Text(" depuis l'application", " in the app"),
}


def label(entry: Entry) -> Text:
    """The entry in one sentence."""
    parts = (SENTENCES[entry.what], WAYS[entry.way], PLACES[entry.channel], _failed(entry), DOERS[entry.who])
    return Text("".join(part.fr for part in parts) + ".", "".join(part.en for part in parts) + ".")


def _failed(entry: Entry) -> Text:
    match entry.failed_attempts:
        case 0:
            return NOTHING
        case 1:
            return Text(", après un code faux", ", after one wrong code")
        case failed:
            return Text(f", après {failed} codes faux", f", after {failed} wrong codes")
