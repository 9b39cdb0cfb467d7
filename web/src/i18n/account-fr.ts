import type { accountEn } from "./account-en.ts";

/** Ce que disent les pages de la vie du compte, en français. */
export const accountFr: Record<keyof typeof accountEn, string> = {
	"app.account": "Votre compte",

	"signIn.unconfirmed":
		"Vous venez de vous inscrire ? Une adresse qui n’est pas encore confirmée ne permet pas de se connecter.",
	"problem.proof-required": "Rien n’a été changé.",
	"problem.wait": "Trop de tentatives. Réessayez dans {minutes} minutes.",
	"problem.relay-away": "Le relais ne répond pas pour le moment. Il redémarre peut-être : réessayez.",
	"problem.unavailable":
		"Le service n’atteint pas ses données pour le moment. Il n’est pas certain que cela ait été fait : vérifiez, puis réessayez.",
	"problem.link-unusable": "Ce lien a déjà servi, a expiré ou a été remplacé par un plus récent.",
	"problem.passkey-refused": "Cette clé d’accès n’ouvre pas le compte. Réessayez, ou utilisez le mot de passe.",
	"problem.password-guessable":
		"Ce mot de passe se devine vite : il est courant, ou fait de votre nom ou de votre adresse. Une courte phrase convient très bien.",
	"problem.terms-outdated":
		"Les conditions ont changé depuis le chargement de cette page. Rechargez-la et relisez-les.",

	"password.new": "Nouveau mot de passe",
	"password.hint": "12 caractères ou plus. Une courte phrase convient très bien.",
	"password.short": "Trop court : encore {missing}.",
	"password.guessable": "Se devine vite : il est courant, ou fait de votre nom ou de votre adresse.",
	"password.fair": "Bien. Plus long, il serait plus solide.",
	"password.strong": "Solide.",
	"password.long": "Trop long : 256 caractères au plus.",

	"signUp.terms": "J’accepte les conditions d’utilisation",
	"signUp.termsWhy": "Ce que nous faisons, ce dont vous devez vous assurer, et comment cela finit.",
	"signUp.agreement": "J’accepte l’accord de sous-traitance",
	"signUp.agreementWhy":
		"Il protège les personnes que filment vos caméras (RGPD, article 28) : vous décidez de leurs images, nous ne faisons que les transporter.",
	"signUp.read": "Lire les conditions",
	"signUp.readAgreement": "Lire l’accord",

	"mail.title": "Consultez votre messagerie",
	"mail.sent": "Si cette adresse peut en recevoir un, un message est en route vers {email}.",
	"mail.confirm":
		"Ouvrez le lien qu’il contient et tapez votre mot de passe : cela confirme l’adresse et ouvre votre session.",
	"mail.reset": "Ouvrez le lien qu’il contient dans les dix minutes et choisissez un nouveau mot de passe.",
	"mail.missing":
		"Rien après quelques minutes ? Regardez parmi les indésirables, vérifiez l’adresse ci-dessus, ou demandez-en un autre.",
	"mail.again": "Renvoyer le message",
	"mail.sentAgain": "Message renvoyé. Seul le lien le plus récent fonctionne.",
	"mail.otherAddress": "Utiliser une autre adresse",

	"confirm.title": "Confirmez votre adresse",
	"confirm.lead": "Tapez le mot de passe choisi lors de votre inscription.",
	"confirm.action": "Confirmer et se connecter",
	"confirm.busy": "Confirmation en cours",
	"confirm.noToken":
		"Cette page a besoin du lien du message, en entier : une copie peut en perdre la fin. Ouvrez de nouveau le lien.",
	"confirm.wrong": "Ce n’est pas le mot de passe choisi lors de l’inscription.",
	"confirm.forgot": "Choisir un nouveau mot de passe par message confirme aussi l’adresse.",
	"confirm.already": "Adresse déjà confirmée ?",
	"confirm.another": "Envoyer un autre lien",
	"confirm.anotherHint": "Celle de votre inscription. Seul le lien le plus récent fonctionne.",
	"confirm.done": "Votre adresse est confirmée.",

	"forgot.link": "Mot de passe oublié ?",
	"forgot.title": "Choisir un nouveau mot de passe",
	"forgot.lead":
		"Tapez l’adresse de votre compte. Nous vous envoyons un lien qui fonctionne une fois, pendant dix minutes.",
	"forgot.action": "Envoyer le lien",
	"forgot.busy": "Envoi en cours",

	"reset.title": "Choisir un nouveau mot de passe",
	"reset.lead": "Il met fin à toutes les sessions de votre compte, ici et ailleurs.",
	"reset.action": "Définir le nouveau mot de passe",
	"reset.busy": "Enregistrement du mot de passe",
	"reset.another": "Demander un autre lien",
	"reset.done": "Le nouveau mot de passe est en place, et toutes les sessions ont pris fin. Connectez-vous avec lui.",

	"address.title": "Confirmez votre nouvelle adresse",
	"address.lead": "Vous vous connecterez avec elle, et nous vous y écrirons.",
	"address.action": "Confirmer la nouvelle adresse",
	"address.busy": "Confirmation en cours",
	"address.again": "Vous pouvez y demander un autre lien :",
	"address.done": "L’adresse est confirmée. Vous vous connectez désormais avec elle.",

	"passkey.signIn": "Se connecter avec une clé d’accès",
	"passkey.failed": "La clé d’accès n’a pas fonctionné ici. Réessayez, ou utilisez le mot de passe.",
	"passkey.exists": "Cet appareil a déjà une clé d’accès pour votre compte.",

	"proof.title": "Est-ce bien vous ?",
	"proof.text": "Votre connexion date déjà un peu. Avant d’aller plus loin, prouvez que c’est toujours vous.",
	"proof.action": "Continuer",
	"proof.busy": "Vérification en cours",
	"proof.passkey": "Utiliser une clé d’accès",

	"account.title": "Votre compte",
	"account.person": "Nom et langue",
	"account.language": "Langue des messages",
	"account.english": "English",
	"account.french": "Français",
	"account.address": "Adresse électronique",
	"account.addressNow": "Actuelle : {email}",
	"account.newAddress": "Nouvelle adresse électronique",
	"account.changeAddress": "Changer l’adresse",
	"account.addressSent":
		"Un lien est en route vers {email}. L’adresse changera quand vous l’ouvrirez ; l’adresse actuelle en est informée aussi.",
	"account.password": "Mot de passe",
	"account.current": "Mot de passe actuel",
	"account.changePassword": "Changer le mot de passe",
	"account.passwordDone": "Le mot de passe est changé. Toutes les autres sessions ont pris fin.",
	"account.wrongCurrent": "Ce n’est pas votre mot de passe actuel.",

	"passkeys.title": "Clés d’accès",
	"passkeys.lead":
		"Connectez-vous avec le verrou de votre appareil au lieu du mot de passe : rien à retenir, rien à hameçonner.",
	"passkeys.none": "Vous n’avez pas encore de clé d’accès.",
	"passkeys.add": "Ajouter une clé d’accès",
	"passkeys.label": "Nom de la nouvelle clé d’accès",
	"passkeys.labelHint": "Pour la reconnaître dans cette liste.",
	"passkeys.adding": "Suivez votre appareil",
	"passkeys.unsupported": "Ce navigateur ne peut pas créer de clé d’accès ici.",
	"passkeys.since": "Ajoutée le {day}",
	"passkeys.used": "Dernière utilisation le {day}",
	"passkeys.never": "Pas encore utilisée",
	"passkeys.remove": "Retirer {name}",
	"passkeys.removeShort": "Retirer",
	"passkeys.removeTitle": "Retirer « {name} » ?",
	"passkeys.removeText":
		"Elle n’ouvrira plus votre compte. L’appareil la proposera peut-être encore ; supprimez-la aussi là-bas.",
	"passkeys.removeConfirm": "La retirer",

	"sessions.title": "Vos sessions ouvertes",
	"sessions.lead": "Nous conservons le nom du navigateur et le jour, rien de plus précis.",
	"sessions.here": "Ce navigateur",
	"sessions.unnamed": "Un navigateur",
	"sessions.since": "Depuis le {day}",
	"sessions.used": "Dernière utilisation le {day}",
	"sessions.end": "Mettre fin à la session de {name}",
	"sessions.endShort": "Y mettre fin",
	"sessions.endTitle": "Mettre fin à la session de « {name} » ?",
	"sessions.endText":
		"La personne qui l’utilise est déconnectée aussitôt, et les images s’y arrêtent en quelques secondes.",
	"sessions.endOthers": "Mettre fin à toutes les autres",
	"sessions.endOthersTitle": "Mettre fin à toutes les autres sessions ?",
	"sessions.endOthersText":
		"Seule la session de ce navigateur reste ouverte. Ailleurs, les images s’arrêtent en quelques secondes.",

	"documents.terms": "Conditions d’utilisation",
	"documents.processing": "Accord de sous-traitance",
	"documents.version": "Version du {day}",
	"documents.questions": "Questions :",
};
