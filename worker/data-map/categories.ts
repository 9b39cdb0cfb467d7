import type { Words } from "./words.ts";

/** Legal bases of article 6(1) GDPR that the service rests on. */
export type Basis = "contract" | "legitimate-interest" | "legal-obligation";

/** A kind of data: one row of the policy's table 02, of the records of processing and of the privacy page. */
export interface Category {
	/** The policy's sentences that tell of it. */
	sentences: readonly string[];
	data: Words;
	why: Words;
	basis: Basis;
	kept: Words;
	/** Not about anybody who could be found again: outside of every right, and said to be. */
	anonymous?: true;
	/** Nothing feeds it yet: told nowhere, because it is not done. */
	notYet?: true;
	/** Never written to disk, so that no column stands for it. */
	inMemory?: true;
	/** What an objection (art. 21) does; only what rests on a legitimate interest can be objected to. */
	objection?: Words;
	/** Why the interest weighs more than the person's, where that is the basis: the balancing test, in short. */
	balance?: Words;
}

const WITH_ACCOUNT: Words = { en: "while the account is active", fr: "tant que le compte est actif" };

/** In the order in which the policy shows them. */
export const CATEGORIES = {
	account: {
		sentences: ["02.1"],
		data: {
			en: "e-mail address, full name, language; which terms you accepted, and when",
			fr: "adresse e-mail, nom complet, langue ; conditions acceptées, et quand",
		},
		why: { en: "your account", fr: "votre compte" },
		basis: "contract",
		kept: WITH_ACCOUNT,
	},
	password: {
		sentences: ["02.2"],
		data: { en: "hashed password", fr: "mot de passe haché" },
		why: { en: "security of your account", fr: "sécurité de votre compte" },
		basis: "contract",
		kept: WITH_ACCOUNT,
	},
	cameras: {
		sentences: ["02.3"],
		data: {
			en: "camera names, scheme, host, port and path; whether sound is on",
			fr: "nom des caméras, schéma, hôte, port et chemin ; son activé ou non",
		},
		why: { en: "to connect and stream your cameras", fr: "connecter et diffuser vos caméras" },
		basis: "contract",
		kept: { en: "until you delete the camera", fr: "jusqu’à la suppression de la caméra" },
	},
	agents: {
		sentences: ["02.9"],
		data: {
			en: "names and public keys of your agents and browsers",
			fr: "nom et clés publiques de vos agents et navigateurs",
		},
		why: { en: "to link them and to check who speaks", fr: "les lier et vérifier qui parle" },
		basis: "contract",
		kept: { en: "until you unlink the agent", fr: "jusqu’à la dissociation de l’agent" },
	},
	reliability: {
		sentences: ["02.4"],
		data: {
			en: "when a camera’s stream began, stopped or failed; the day an agent was last heard",
			fr: "quand le flux d’une caméra a commencé, cessé ou échoué ; dernier jour où un agent s’est manifesté",
		},
		why: { en: "to watch over the service’s reliability", fr: "veiller à la fiabilité du service" },
		basis: "legitimate-interest",
		kept: {
			en: "30 days; the day until you unlink the agent; neither after an objection",
			fr: "30 jours ; le jour jusqu’à la dissociation de l’agent ; ni l’un ni l’autre après une opposition",
		},
		objection: {
			en: "nothing of it is stored any more, and what is there is deleted",
			fr: "plus rien n’en est conservé, et ce qui l’était est supprimé",
		},
		balance: {
			en: "Times and states of streams find faults before they cost anybody a picture. They say when somebody watched, and so something about a household: they hold no viewer and no address, go after 30 days, and stop at once when the person objects.",
			fr: "Les heures et états des flux révèlent les pannes avant qu’elles ne coûtent une image. Ils disent quand quelqu’un a regardé, donc quelque chose d’un foyer : ils ne contiennent ni spectateur ni adresse, disparaissent après 30 jours et cessent dès que la personne s’oppose.",
		},
	},
	orders: {
		sentences: ["02.11"],
		data: {
			en: "orders that your browser signs for your agent",
			fr: "ordres que votre navigateur signe pour votre agent",
		},
		why: { en: "to carry them to it", fr: "les lui transmettre" },
		basis: "contract",
		kept: { en: "30 days from when you gave them", fr: "30 jours à partir du moment où vous les donnez" },
	},
	sessions: {
		sentences: ["02.7"],
		data: {
			en: "start and end of your sessions, the browser’s name, the day of the last use",
			fr: "début et fin de vos sessions, nom du navigateur, jour de la dernière utilisation",
		},
		why: {
			en: "to keep you signed in, and to show you where you are",
			fr: "vous garder connecté et vous montrer où vous l’êtes",
		},
		basis: "contract",
		kept: { en: "until you sign out, 30 days at most", fr: "jusqu’à la déconnexion, 30 jours au plus" },
	},
	passkeys: {
		sentences: ["02.12"],
		data: {
			en: "name and public key of your passkeys; the day of the last use",
			fr: "nom et clé publique de vos clés d’accès ; jour de la dernière utilisation",
		},
		why: { en: "to sign in without a password", fr: "vous connecter sans mot de passe" },
		basis: "contract",
		kept: { en: "until you remove the passkey", fr: "jusqu’au retrait de la clé d’accès" },
	},
	mails: {
		sentences: ["02.13", "04.3"],
		data: {
			en: "mails to you that are on their way; single-use links",
			fr: "messages qui vous sont destinés, en attente d’envoi ; liens à usage unique",
		},
		why: {
			en: "to confirm an address, to reset a password, to tell you of changes",
			fr: "confirmer une adresse, réinitialiser un mot de passe, vous prévenir d’un changement",
		},
		basis: "contract",
		kept: {
			en: "until sent, 30 days when that fails; links until 3 days after their end",
			fr: "jusqu’à l’envoi, 30 jours s’il échoue ; liens jusqu’à 3 jours après leur fin",
		},
	},
	rights: {
		sentences: ["07.7", "07.9"],
		data: {
			en: "your requests about your rights, and what became of them; your objections; directives for after your death",
			fr: "vos demandes relatives à vos droits, et leur suite ; vos oppositions ; directives pour après votre mort",
		},
		why: {
			en: "to answer in time, to keep to your choices, and to prove it",
			fr: "répondre à temps, respecter vos choix et le prouver",
		},
		basis: "legal-obligation",
		kept: {
			en: "requests 3 years after they are closed, without your name once the account is erased; the rest while the account is active",
			fr: "les demandes 3 ans après leur clôture, sans votre nom une fois le compte effacé ; le reste tant que le compte est actif",
		},
	},
	erasures: {
		sentences: ["06.2"],
		data: {
			en: "that an account was erased, left or came back, when, and how many entries; no name, no address, no number that means anything",
			fr: "qu’un compte a été effacé, est parti ou revenu, quand, et combien d’entrées ; ni nom, ni adresse, ni numéro qui signifie quelque chose",
		},
		why: {
			en: "to prove it, and to erase again what a backup would bring back",
			fr: "le prouver, et effacer de nouveau ce qu’une sauvegarde ramènerait",
		},
		basis: "legal-obligation",
		kept: {
			en: "3 years; that it left or came back, 30 days",
			fr: "3 ans ; qu’il est parti ou revenu, 30 jours",
		},
		anonymous: true,
	},
	downloads: {
		sentences: ["02.5"],
		data: {
			en: "downloads of the agent: how many a day, for which system and file type",
			fr: "téléchargements de l’agent : combien par jour, pour quel système et type de fichier",
		},
		why: { en: "to know which systems people use", fr: "savoir quels systèmes sont utilisés" },
		basis: "legitimate-interest",
		kept: { en: "25 months", fr: "25 mois" },
		anonymous: true,
		notYet: true,
		objection: {
			en: "your browser sends nothing to be counted; that choice stays in it, we do not know of it",
			fr: "votre navigateur n’envoie rien à compter ; ce choix y reste, nous n’en savons rien",
		},
		balance: {
			en: "A number per day, system and file type tells of nobody, and is shown from ten on only.",
			fr: "Un nombre par jour, système et type de fichier ne dit rien de personne, et n’est montré qu’à partir de dix.",
		},
	},
	pages: {
		sentences: ["02.6"],
		data: { en: "how often a page was opened on a day", fr: "combien de fois une page a été ouverte un jour" },
		why: { en: "to know which pages are needed", fr: "savoir quelles pages servent" },
		basis: "legitimate-interest",
		kept: { en: "25 months", fr: "25 mois" },
		anonymous: true,
		notYet: true,
		objection: {
			en: "your browser sends nothing to be counted; that choice stays in it, we do not know of it",
			fr: "votre navigateur n’envoie rien à compter ; ce choix y reste, nous n’en savons rien",
		},
		balance: {
			en: "A counter per page and day holds no cookie, no address and no browser: two visits of one person cannot be linked.",
			fr: "Un compteur par page et jour ne contient ni cookie, ni adresse, ni navigateur : deux visites d’une personne ne peuvent être reliées.",
		},
	},
	addresses: {
		sentences: ["02.10"],
		data: { en: "network address", fr: "adresse réseau" },
		why: {
			en: "to connect you, and to slow down guessing of passwords",
			fr: "vous connecter et freiner la recherche de mots de passe",
		},
		basis: "legitimate-interest",
		kept: { en: "in memory only, while it is needed", fr: "en mémoire seulement, le temps nécessaire" },
		inMemory: true,
		objection: {
			en: "impossible: without an address nothing reaches you, and unlimited guessing would open your account (art. 21(1), compelling grounds)",
			fr: "impossible : sans adresse, rien ne vous parvient, et des essais illimités ouvriraient votre compte (art. 21(1), motifs impérieux)",
		},
		balance: {
			en: "Whoever speaks to a server shows it an address. Ours is cut to the household’s part, counted in memory, never written down, and gone with the process.",
			fr: "Qui parle à un serveur lui montre une adresse. La nôtre est réduite à la part du foyer, comptée en mémoire, jamais écrite, et disparaît avec le processus.",
		},
	},
} as const satisfies Record<string, Category>;
export type CategoryName = keyof typeof CATEGORIES;
/** All of them, as what they are to readers that go through them. */
export const categories = Object.entries(CATEGORIES) as [CategoryName, Category][];
/** Those that something is done with. */
export const offered = categories.filter(([, { notYet }]) => !notYet);
