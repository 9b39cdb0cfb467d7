import { offered } from "./categories.ts";
import { CONTROLLER } from "./controller.ts";
import { BASES, HOSTED, table } from "./render.ts";

type Language = "en" | "fr";

/** The rights of a data subject, as articles 13(2) and 15(1) want them told. */
export const RIGHTS: Record<Language, readonly string[]> = {
	en: [
		"access (art. 15)",
		"rectification (art. 16)",
		"erasure (art. 17)",
		"restriction (art. 18)",
		"portability (art. 20)",
		"objection to what rests on a legitimate interest (art. 21)",
		"directives about your data after your death (article 85 of the French law of 6 January 1978)",
		"complaint to a supervisory authority, in France the CNIL (cnil.fr)",
	],
	fr: [
		"accès (art. 15)",
		"rectification (art. 16)",
		"effacement (art. 17)",
		"limitation (art. 18)",
		"portabilité (art. 20)",
		"opposition à ce qui repose sur un intérêt légitime (art. 21)",
		"directives sur vos données après votre mort (article 85 de la loi du 6 janvier 1978)",
		"réclamation auprès d’une autorité de contrôle, en France la CNIL (cnil.fr)",
	],
};

/** What article 13(1) and (2) GDPR wants told when data is collected, in its order, with what the data map says. */
export function article13Table(language: Language): string {
	const say = (en: string, fr: string) => ({ en, fr })[language];
	const list = (items: readonly string[]) => [...new Set(items)].join(say("; ", " ; "));
	const purposes = offered.map(([, { why, basis }]) => `${why[language]} (${BASES[basis][language]})`);
	const interests = offered.flatMap(([, { why, basis }]) => (basis === "legitimate-interest" ? [why[language]] : []));
	const recipients = HOSTED.map(({ name, does }) => `${name}${say(": ", "\u00A0: ")}${does[language]}`);
	const rows: [string, string][] = [
		[
			say("controller (13(1)(a))", "responsable de traitement (13(1)(a))"),
			`${CONTROLLER.name}, ${CONTROLLER.country}, ${CONTROLLER.contact}`,
		],
		[
			say("data protection (13(1)(b))", "protection des données (13(1)(b))"),
			say(
				`no officer is required (art. 37); write to ${CONTROLLER.contact}`,
				`aucun délégué n’est exigé (art. 37) ; écrivez à ${CONTROLLER.contact}`,
			),
		],
		[say("purposes and legal bases (13(1)(c))", "finalités et bases légales (13(1)(c))"), list(purposes)],
		[say("legitimate interests (13(1)(d))", "intérêts légitimes (13(1)(d))"), list(interests)],
		[say("recipients (13(1)(e))", "destinataires (13(1)(e))"), list(recipients)],
		[
			say("transfers out of the European Union (13(1)(f))", "transferts hors de l’Union européenne (13(1)(f))"),
			say("none", "aucun"),
		],
		[
			say("how long (13(2)(a))", "durées (13(2)(a))"),
			say("by kind of data, in section 02; see section 06", "par type de données, en section 02 ; voir la section 06"),
		],
		[say("your rights (13(2)(b) to (d))", "vos droits (13(2)(b) à (d))"), list(RIGHTS[language])],
		[
			say("whether you must give it (13(2)(e))", "si vous devez les fournir (13(2)(e))"),
			say(
				"no law obliges you; without an e-mail address, a name and a password there is no account, and without an address of a camera no picture of it",
				"aucune loi ne vous y oblige ; sans adresse e-mail, nom et mot de passe, il n’y a pas de compte, et sans adresse d’une caméra, pas d’image d’elle",
			),
		],
		[
			say("automated decisions, profiling (13(2)(f))", "décisions automatisées, profilage (13(2)(f))"),
			say("none", "aucune"),
		],
	];
	return table([say("what", "quoi"), say("answer", "réponse")], rows);
}
