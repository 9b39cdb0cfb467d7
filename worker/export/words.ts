/** What the archive says to a person, in their language. */
export interface ArchiveWords {
	title: string;
	made(when: string): string;
	intro: readonly string[];
	files: Record<"json" | "csv" | "schemas" | "information" | "manifest", string>;
	verify: readonly string[];
	rows(count: number): string;
	more(shown: number, file: string): string;
	none: string;
	what: string;
	purpose: string;
	basis: string;
	kept: string;
	recipients: string;
	rights: string;
	kinds: string;
}

export const WORDS: Record<"en" | "fr", ArchiveWords> = {
	en: {
		title: "Your data at Mivisus",
		made: (when) => `Made on ${when} (UTC).`,
		intro: [
			"This is a copy of the data that we hold about you (articles 15 and 20 GDPR). Open index.html to read it; nothing in it is loaded from anywhere.",
			"It holds no passwords and no keys that open anything, and nothing about other people but what you wrote yourself. Keep it as carefully as you keep your mails.",
		],
		files: {
			json: "data/*.json: everything, for programs; times in UTC",
			csv: "data/*.csv: the same as tables; text that a spreadsheet would take for a formula has an apostrophe before it",
			schemas: "schemas/*.json: what the fields are (JSON Schema)",
			information: "information.json: purposes, legal bases, retention, recipients and your rights",
			manifest: "manifest.json and manifest.jws: the list of files with their SHA-256, and our signature over it",
		},
		verify: [
			"To prove that nothing was changed, open the page “Verify an archive” of the service; it is done in your browser, and nothing is sent.",
			"To move to another account, open “Bring data along” there and choose this file.",
		],
		rows: (count) => `${count} ${count === 1 ? "entry" : "entries"}`,
		more: (shown, file) => `The first ${shown} are shown; all are in ${file}.`,
		none: "None.",
		what: "data",
		purpose: "what for",
		basis: "legal basis",
		kept: "kept",
		recipients: "Who else gets it",
		rights: "Your rights",
		kinds: "What we hold, and why",
	},
	fr: {
		title: "Vos données chez Mivisus",
		made: (when) => `Établi le ${when} (UTC).`,
		intro: [
			"Voici une copie des données que nous conservons sur vous (articles 15 et 20 du RGPD). Ouvrez index.html pour la lire ; rien n’y est chargé de l’extérieur.",
			"Elle ne contient ni mot de passe ni clé qui ouvre quoi que ce soit, et rien sur d’autres personnes que ce que vous avez écrit vous-même. Gardez-la aussi soigneusement que vos messages.",
		],
		files: {
			json: "data/*.json : tout, pour les programmes ; heures en UTC",
			csv: "data/*.csv : la même chose en tableaux ; un texte qu’un tableur prendrait pour une formule est précédé d’une apostrophe",
			schemas: "schemas/*.json : ce que sont les champs (JSON Schema)",
			information: "information.json : finalités, bases légales, durées, destinataires et vos droits",
			manifest: "manifest.json et manifest.jws : la liste des fichiers avec leur SHA-256, et notre signature",
		},
		verify: [
			"Pour prouver que rien n’a été changé, ouvrez la page « Vérifier une archive » du service ; tout se fait dans votre navigateur, rien n’est envoyé.",
			"Pour passer à un autre compte, ouvrez-y « Apporter des données » et choisissez ce fichier.",
		],
		rows: (count) => `${count} ${count > 1 ? "entrées" : "entrée"}`,
		more: (shown, file) => `Les ${shown} premières sont affichées ; toutes sont dans ${file}.`,
		none: "Aucune.",
		what: "données",
		purpose: "pourquoi",
		basis: "base légale",
		kept: "conservation",
		recipients: "Qui d’autre les reçoit",
		rights: "Vos droits",
		kinds: "Ce que nous conservons, et pourquoi",
	},
};
