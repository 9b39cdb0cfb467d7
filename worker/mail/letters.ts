import type { MailKind, Message } from "./mail.ts";

type Language = Message["language"];
/** What a letter says, before it is laid out. */
interface Words {
	subject: string;
	paragraphs: readonly string[];
	/** Label of the link; the link itself stands below it in full. */
	action?: string;
	/** After the link. */
	closing?: readonly string[];
}
interface Letter {
	kind: MailKind;
	/** Page that its single-use link leads to; the token is behind `#`, where no server and no log sees it. */
	page?: string;
	/** Page that it leads to without a token. */
	plainPage?: string;
	/** Page that is told the mail's own number behind `#`. */
	numberPage?: string;
	/** Goes to the address that it was posted for, whatever account there is: there is none any more. */
	forNobody?: true;
	words: Record<Language, (when: string) => Words>;
}

const NOT_YOU = {
	en: "If it was not you, someone who knows your password may have done it. Choose a new one now with “Forgot your password?” on the sign-in page: that ends every session.",
	fr: "Si ce n’est pas vous, quelqu’un connaît peut-être votre mot de passe. Choisissez-en un nouveau tout de suite par « Mot de passe oublié ? » sur la page de connexion : cela met fin à toutes les sessions.",
};
/** The link to the sign-in page is of no use to who no longer has the account's address. */
const NOT_YOU_EITHER = {
	en: "If it was not you, write to contact@mivisus.com from this address, soon: only a person can give the account back.",
	fr: "Si ce n’est pas vous, écrivez vite à contact@mivisus.com depuis la présente adresse : seule une personne peut vous rendre le compte.",
};
const NOT_YOU_LEAVING = {
	en: "If it was not you, keep the account with the link, then choose a new password with “Forgot your password?” on the sign-in page.",
	fr: "Si ce n’est pas vous, gardez le compte par ce lien, puis choisissez un nouveau mot de passe par « Mot de passe oublié ? » sur la page de connexion.",
};
const IGNORE = {
	en: "If it was not you, you need not do anything: without this link nothing happens.",
	fr: "Si ce n’est pas vous, vous n’avez rien à faire : sans ce lien, il ne se passe rien.",
};
const notice = (
	en: (when: string) => [string, string],
	fr: (when: string) => [string, string],
	notYou = NOT_YOU,
): Letter => ({
	kind: "notice",
	plainPage: "/account",
	words: {
		en: (when) => {
			const [subject, said] = en(when);
			return { subject, paragraphs: [said], action: "Look at your account", closing: [notYou.en] };
		},
		fr: (when) => {
			const [subject, said] = fr(when);
			return { subject, paragraphs: [said], action: "Voir votre compte", closing: [notYou.fr] };
		},
	},
});

/** About a right that its person has used: an account that was got into is a matter of the other notices. */
const rights = (
	en: (when: string) => [string, string],
	fr: (when: string) => [string, string],
	plainPage = "/account",
): Letter => ({ ...notice(en, fr), kind: "rights", plainPage });

/** Every letter there is. A name stands in the outbox until the letter is sent: it is never given to another one. */
export const LETTERS = {
	confirmation: {
		kind: "confirmation",
		page: "/confirm",
		words: {
			en: () => ({
				subject: "Confirm your address for Mivisus",
				paragraphs: ["An account was opened at Mivisus with this address. Confirm it, and you can sign in."],
				action: "Confirm the address",
				closing: [
					"The link works once, for 24 hours. It asks for the password that you chose.",
					`${IGNORE.en} We remove the account after seven days.`,
				],
			}),
			fr: () => ({
				subject: "Confirmez votre adresse pour Mivisus",
				paragraphs: [
					"Un compte a été ouvert chez Mivisus avec cette adresse. Confirmez-la pour pouvoir vous connecter.",
				],
				action: "Confirmer l’adresse",
				closing: [
					"Le lien fonctionne une seule fois, pendant 24 heures. Il demande le mot de passe que vous avez choisi.",
					`${IGNORE.fr} Nous supprimons le compte après sept jours.`,
				],
			}),
		},
	},
	"account-exists": {
		kind: "confirmation",
		plainPage: "/sign-in",
		words: {
			en: () => ({
				subject: "You have a Mivisus account already",
				paragraphs: [
					"Somebody, most likely you, wanted to open an account with this address. There is one already, so nothing was changed.",
				],
				action: "Sign in",
				closing: ["If you forgot the password, choose a new one with “Forgot your password?” there."],
			}),
			fr: () => ({
				subject: "Vous avez déjà un compte Mivisus",
				paragraphs: [
					"Quelqu’un, sans doute vous, a voulu ouvrir un compte avec cette adresse. Il en existe déjà un : rien n’a été changé.",
				],
				action: "Se connecter",
				closing: ["Si vous avez oublié le mot de passe, choisissez-en un nouveau par « Mot de passe oublié ? »."],
			}),
		},
	},
	reset: {
		kind: "reset",
		page: "/reset",
		words: {
			en: () => ({
				subject: "Choose a new password for Mivisus",
				paragraphs: ["Somebody, most likely you, asked for a new password for your Mivisus account."],
				action: "Choose a new password",
				closing: [
					"The link works once, for 10 minutes. A newer one makes this one useless. Choosing a new password ends every session.",
					IGNORE.en,
				],
			}),
			fr: () => ({
				subject: "Choisissez un nouveau mot de passe pour Mivisus",
				paragraphs: ["Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte Mivisus."],
				action: "Choisir un nouveau mot de passe",
				closing: [
					"Le lien fonctionne une seule fois, pendant 10 minutes. Un lien plus récent l’annule. Choisir un nouveau mot de passe met fin à toutes les sessions.",
					IGNORE.fr,
				],
			}),
		},
	},
	address: {
		kind: "confirmation",
		page: "/confirm-address",
		words: {
			en: () => ({
				subject: "Confirm your new address for Mivisus",
				paragraphs: ["The owner of a Mivisus account wants to use this address from now on."],
				action: "Confirm the new address",
				closing: ["The link works once, for 24 hours. Until then the old address stays.", IGNORE.en],
			}),
			fr: () => ({
				subject: "Confirmez votre nouvelle adresse pour Mivisus",
				paragraphs: ["Le titulaire d’un compte Mivisus souhaite désormais utiliser cette adresse."],
				action: "Confirmer la nouvelle adresse",
				closing: [
					"Le lien fonctionne une seule fois, pendant 24 heures. Jusque-là, l’ancienne adresse reste valable.",
					IGNORE.fr,
				],
			}),
		},
	},
	"address-taken": {
		kind: "confirmation",
		plainPage: "/sign-in",
		words: {
			en: () => ({
				subject: "This address has a Mivisus account already",
				paragraphs: [
					"The owner of another Mivisus account wanted to use this address. It belongs to an account already, so nothing was changed.",
				],
				action: "Sign in",
			}),
			fr: () => ({
				subject: "Cette adresse a déjà un compte Mivisus",
				paragraphs: [
					"Le titulaire d’un autre compte Mivisus a voulu utiliser cette adresse. Elle appartient déjà à un compte : rien n’a été changé.",
				],
				action: "Se connecter",
			}),
		},
	},
	"address-asked": notice(
		(when) => [
			"A new address was asked for your Mivisus account",
			`On ${when} another e-mail address was asked for your account. It takes effect when the link sent there is used; until then this address stays.`,
		],
		(when) => [
			"Une nouvelle adresse a été demandée pour votre compte Mivisus",
			`Le ${when}, une autre adresse e-mail a été demandée pour votre compte. Elle prendra effet quand le lien envoyé là-bas sera utilisé ; jusque-là, cette adresse reste valable.`,
		],
	),
	"address-changed": notice(
		(when) => [
			"The address of your Mivisus account was changed",
			`On ${when} your account got another e-mail address. From now on we write there; this is the last mail to this one.`,
		],
		(when) => [
			"L’adresse de votre compte Mivisus a changé",
			`Le ${when}, votre compte a reçu une autre adresse e-mail. Nous écrirons désormais à celle-ci ; ce message est le dernier à la présente adresse.`,
		],
		NOT_YOU_EITHER,
	),
	"password-changed": notice(
		(when) => [
			"Your Mivisus password was changed",
			`On ${when} the password of your account was changed. Every other session was ended.`,
		],
		(when) => [
			"Votre mot de passe Mivisus a changé",
			`Le ${when}, le mot de passe de votre compte a été changé. Toutes les autres sessions ont pris fin.`,
		],
	),
	"password-reset": notice(
		(when) => [
			"Your Mivisus password was reset",
			`On ${when} a new password was chosen for your account with a link from a mail. Every session was ended; passkeys still work: look at them in your account.`,
		],
		(when) => [
			"Votre mot de passe Mivisus a été réinitialisé",
			`Le ${when}, un nouveau mot de passe a été choisi pour votre compte par un lien reçu par e-mail. Toutes les sessions ont pris fin ; les clés d’accès fonctionnent toujours : vérifiez-les dans votre compte.`,
		],
	),
	leaving: {
		kind: "rights",
		page: "/undo",
		words: {
			en: (when) => ({
				subject: "Your Mivisus account will be erased",
				paragraphs: [
					`On ${when} you asked for your account to be erased. It cannot be used any more, and no picture is carried for it. In seven days everything is erased; we then send you a receipt.`,
				],
				action: "Keep the account",
				closing: [
					"The link works once, during these seven days. If you want your account erased, you need not do anything.",
					NOT_YOU_LEAVING.en,
				],
			}),
			fr: (when) => ({
				subject: "Votre compte Mivisus sera effacé",
				paragraphs: [
					`Le ${when}, vous avez demandé l’effacement de votre compte. Il ne peut plus être utilisé, et aucune image n’est transportée pour lui. Dans sept jours, tout sera effacé ; nous vous enverrons alors un reçu.`,
				],
				action: "Garder le compte",
				closing: [
					"Le lien fonctionne une seule fois, pendant ces sept jours. Si vous voulez que votre compte soit effacé, vous n’avez rien à faire.",
					NOT_YOU_LEAVING.fr,
				],
			}),
		},
	},
	"unused-leaving": {
		kind: "rights",
		page: "/undo",
		words: {
			en: () => ({
				subject: "Your unused Mivisus account will be erased",
				paragraphs: [
					"Nobody has signed in to your account for 24 months, and a month ago we wrote to you about it. As our privacy policy says, it is closed now, and in seven days everything in it is erased; we then send you a receipt.",
				],
				action: "Keep the account",
				closing: [
					"The link works once, during these seven days. If you do not need the account any more, you need not do anything.",
				],
			}),
			fr: () => ({
				subject: "Votre compte Mivisus, inutilisé, sera effacé",
				paragraphs: [
					"Personne ne s’est connecté à votre compte depuis 24 mois, et nous vous en avons prévenu il y a un mois. Comme le dit notre politique de confidentialité, il est maintenant fermé, et dans sept jours tout ce qu’il contient sera effacé ; nous vous enverrons alors un reçu.",
				],
				action: "Garder le compte",
				closing: [
					"Le lien fonctionne une seule fois, pendant ces sept jours. Si vous n’avez plus besoin du compte, vous n’avez rien à faire.",
				],
			}),
		},
	},
	stays: notice(
		(when) => [
			"Your Mivisus account stays",
			`On ${when} the erasure of your account was taken back. Sign in as before; your agents go on by themselves.`,
		],
		(when) => [
			"Votre compte Mivisus est conservé",
			`Le ${when}, l’effacement de votre compte a été annulé. Connectez-vous comme avant ; vos agents reprennent d’eux-mêmes.`,
		],
	),
	erased: {
		kind: "rights",
		numberPage: "/receipt",
		forNobody: true,
		words: {
			en: () => ({
				subject: "Your Mivisus account was erased",
				paragraphs: [
					"Your account and all your data were erased. The receipt says what was deleted and by when the last backup is gone; it is signed, and names nobody. This is our last mail.",
				],
				action: "See the receipt",
			}),
			fr: () => ({
				subject: "Votre compte Mivisus a été effacé",
				paragraphs: [
					"Votre compte et toutes vos données ont été effacés. Le reçu dit ce qui a été supprimé et quand disparaît la dernière sauvegarde ; il est signé et ne nomme personne. Ceci est notre dernier message.",
				],
				action: "Voir le reçu",
			}),
		},
	},
	restricted: rights(
		(when) => [
			"The use of your data is restricted",
			`On ${when} you had the use of your data restricted (article 18 GDPR). We keep it and show it to you; no picture is carried, and nothing else is done with it until you lift the restriction.`,
		],
		(when) => [
			"L’usage de vos données est limité",
			`Le ${when}, vous avez fait limiter l’usage de vos données (article 18 du RGPD). Nous les gardons et vous les montrons ; aucune image n’est transportée, et rien d’autre n’en est fait jusqu’à ce que vous leviez la limitation.`,
		],
	),
	unrestricted: rights(
		(when) => [
			"The restriction of your data was lifted",
			`On ${when} you lifted the restriction of your data. Your cameras can be watched again.`,
		],
		(when) => [
			"La limitation de vos données est levée",
			`Le ${when}, vous avez levé la limitation de vos données. Vos caméras peuvent de nouveau être regardées.`,
		],
	),
	"request-received": rights(
		() => [
			"Your request to Mivisus has arrived",
			"We have received your request about your data. Under “Your data and your rights” you see its number and by when we answer; most rights you can use there yourself, at once.",
		],
		() => [
			"Votre demande est arrivée chez Mivisus",
			"Nous avons reçu votre demande relative à vos données. Sous « Vos données et vos droits », vous voyez son numéro et la date de notre réponse ; la plupart des droits s’y exercent aussitôt, par vous-même.",
		],
		"/your-data",
	),
	"request-extended": rights(
		() => [
			"Your request to Mivisus takes longer",
			"We need more time for your request about your data (article 12(3) GDPR). Why, and until when, stands with its number under “Your data and your rights”. You may complain to a supervisory authority.",
		],
		() => [
			"Votre demande à Mivisus prend plus de temps",
			"Il nous faut plus de temps pour votre demande relative à vos données (article 12(3) du RGPD). La raison et la nouvelle date figurent avec son numéro sous « Vos données et vos droits ». Vous pouvez saisir une autorité de contrôle.",
		],
		"/your-data",
	),
	"request-answered": rights(
		() => [
			"Your request to Mivisus is answered",
			"We have answered your request about your data. What was done, or why not, stands with its number under “Your data and your rights”. If you are not content, you may complain to a supervisory authority, in France the CNIL (cnil.fr).",
		],
		() => [
			"Mivisus a répondu à votre demande",
			"Nous avons répondu à votre demande relative à vos données. Ce qui a été fait, ou pourquoi non, figure avec son numéro sous « Vos données et vos droits ». Si cela ne vous convient pas, vous pouvez saisir une autorité de contrôle, en France la CNIL (cnil.fr).",
		],
		"/your-data",
	),
	unused: rights(
		() => [
			"Your Mivisus account will be removed because it is not used",
			"Nobody has signed in to your account for 23 months. If it stays so for another month, we remove it, as our privacy policy says. To keep it, sign in once.",
		],
		() => [
			"Votre compte Mivisus, inutilisé, sera supprimé",
			"Personne ne s’est connecté à votre compte depuis 23 mois. S’il en va de même pendant un mois encore, nous le supprimons, comme le dit notre politique de confidentialité. Pour le garder, connectez-vous une fois.",
		],
	),
	"passkey-added": notice(
		(when) => [
			"A passkey was added to your Mivisus account",
			`On ${when} a passkey was added to your account. Whoever has it can sign in without the password.`,
		],
		(when) => [
			"Une clé d’accès a été ajoutée à votre compte Mivisus",
			`Le ${when}, une clé d’accès a été ajoutée à votre compte. Qui la détient peut se connecter sans le mot de passe.`,
		],
	),
	"passkey-removed": notice(
		(when) => [
			"A passkey was removed from your Mivisus account",
			`On ${when} a passkey was removed from your account. It no longer opens it.`,
		],
		(when) => [
			"Une clé d’accès a été retirée de votre compte Mivisus",
			`Le ${when}, une clé d’accès a été retirée de votre compte. Elle ne l’ouvre plus.`,
		],
	),
} as const satisfies Record<string, Letter>;
export type LetterName = keyof typeof LETTERS;
export const isLetter = (name: string): name is LetterName => Object.hasOwn(LETTERS, name);

const GREETING: Record<Language, (name: string) => string> = {
	en: (name) => `Hello ${name},`,
	fr: (name) => `Bonjour ${name},`,
};
const SENT_BY: Record<Language, (origin: string) => string> = {
	en: (origin) => `Mivisus, ${origin}. We write only about your account; you cannot be subscribed to anything.`,
	fr: (origin) => `Mivisus, ${origin}. Nous n’écrivons qu’au sujet de votre compte ; il n’y a rien à quoi s’abonner.`,
};

/** A letter in words: subject, plain text and HTML, which say the same. `fullName` is undefined for strangers. */
export function writeLetter(options: {
	id: string;
	letter: LetterName;
	to: string;
	fullName: string | undefined;
	language: Language;
	/** ms since 1970. */
	happenedAt: number;
	origin: string;
	/** Of a letter with a single-use link. */
	token: string | undefined;
}): Message {
	const { id, letter: name, to, fullName, language, happenedAt, origin, token } = options;
	const letter: Letter = LETTERS[name];
	const time = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", {
		dateStyle: "long",
		timeStyle: "short",
		timeZone: "UTC",
	});
	const { subject, paragraphs, action, closing = [] } = letter.words[language](`${time.format(happenedAt)} UTC`);
	const link = letter.page
		? `${origin}${letter.page}#${token}`
		: letter.numberPage
			? `${origin}${letter.numberPage}#${id}`
			: `${origin}${letter.plainPage}`;
	const greeting = fullName === undefined ? [] : [GREETING[language](fullName)];
	const sender = SENT_BY[language](origin);
	const text = [...greeting, ...paragraphs, ...(action ? [`${action}:\n${link}`] : []), ...closing, `--\n${sender}`];
	const paragraph = (words: string) => `<p style="margin:0 0 16px">${escapeHtml(words)}</p>`;
	const button = `<p style="margin:24px 0"><a href="${escapeHtml(link)}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#0b5d4e;color:#ffffff;text-decoration:none;font-weight:600">${escapeHtml(action ?? "")}</a></p><p style="margin:0 0 16px;font-size:14px;color:#4a5654;word-break:break-all">${escapeHtml(link)}</p>`;
	const html = `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:32px 16px;background:#f4f6f5;color:#16211f;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:12px">
<h1 style="margin:0 0 20px;font-size:22px;line-height:1.3">${escapeHtml(subject)}</h1>
${[...greeting, ...paragraphs].map(paragraph).join("\n")}
${action ? button : ""}
${closing.map(paragraph).join("\n")}
<p style="margin:24px 0 0;font-size:13px;color:#4a5654">${escapeHtml(sender)}</p>
</div></body></html>
`;
	return { id, to, subject, text: `${text.join("\n\n")}\n`, html, language };
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (found) => ESCAPES[found] ?? found);
