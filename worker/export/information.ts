import { RIGHTS } from "../data-map/article13.ts";
import { offered } from "../data-map/categories.ts";
import { CONTROLLER } from "../data-map/controller.ts";
import { type Table, tables } from "../data-map/map.ts";
import type { Recipient } from "../data-map/recipients.ts";
import { BASES } from "../data-map/render.ts";

type Language = "en" | "fr";

/** Kinds of data of which something stands in the copy: a hashed password, for one, does not. */
const COPIED = new Set(
	tables
		.filter(([, { file }]: [string, Table]) => file !== undefined)
		.flatMap(([, { columns }]: [string, Table]) =>
			Object.values(columns).flatMap(({ category, export: to }) => ("as" in to ? [category] : [])),
		),
);

/** What article 15(1) and (2) asks to be told beside the copy itself. */
export const informationOf = (language: Language, recipients: readonly Recipient[]) => ({
	controller: CONTROLLER,
	purposes: offered.map(([name, { data, why, basis, kept }]) => ({
		data: data[language],
		purpose: why[language],
		basis: BASES[basis][language],
		kept: kept[language],
		inThisCopy: COPIED.has(name),
	})),
	recipients: recipients.map(({ name, does, gets, where }) => ({
		name,
		role: does[language],
		gets: gets[language],
		where: where[language],
	})),
	source: {
		en: "You, your browsers and your agents; nobody else.",
		fr: "Vous, vos navigateurs et vos agents ; personne d’autre.",
	}[language],
	automatedDecisions: {
		en: "None (art. 22): no decision about you is made by a machine alone.",
		fr: "Aucune (art. 22) : aucune décision vous concernant n’est prise par une machine seule.",
	}[language],
	rights: RIGHTS[language],
});
