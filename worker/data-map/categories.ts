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
		data: { en: "the day an agent was last heard", fr: "dernier jour où un agent s’est manifesté" },
		why: { en: "to watch over the service’s reliability", fr: "veiller à la fiabilité du service" },
		basis: "legitimate-interest",
		kept: {
			en: "until you unlink the agent, or object",
			fr: "jusqu’à la dissociation de l’agent ou votre opposition",
		},
		objection: {
			en: "nothing of it is stored any more, and what is there is deleted",
			fr: "plus rien n’en est conservé, et ce qui l’était est supprimé",
		},
		balance: {
			en: "A day says whether an agent still works, and nothing about who was at home; a finer time is not stored. Without it a person learns only by looking that a camera has gone silent.",
			fr: "Un jour dit si un agent fonctionne encore, et rien sur qui était chez soi ; aucune heure n’est conservée. Sans lui, on n’apprend qu’en regardant qu’une caméra s’est tue.",
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
