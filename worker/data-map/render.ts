import { type Basis, type Category, categories, offered } from "./categories.ts";
import { type Column, tables } from "./map.ts";
import { HOSTING, type Recipient, recipientsOf } from "./recipients.ts";
import type { Words } from "./words.ts";

type Language = keyof Words;

export const BASES: Record<Basis, Words> = {
	contract: { en: "contract", fr: "contrat" },
	"legitimate-interest": { en: "legitimate interest", fr: "intérêt légitime" },
	"legal-obligation": { en: "legal obligation", fr: "obligation légale" },
};

/** The processors of the hosted service, as policy 09.1 names them. */
export const HOSTED: readonly Recipient[] = [HOSTING, ...recipientsOf({ mail: "ses://eu-west-3" })];

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
	[row(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(row)].join("\n");

/** The policy's table 02: what is collected, why, on what basis, how long. */
export const policyTable = (language: Language): string =>
	table(
		language === "en" ? ["data", "why", "legal basis", "kept"] : ["données", "pourquoi", "base légale", "conservation"],
		offered.map(([, { data, why, basis, kept }]) => [
			data[language],
			why[language],
			BASES[basis][language],
			kept[language],
		]),
	);

/** The policy's table 09: who else gets data when the service is hosted. */
export const recipientTable = (language: Language): string =>
	table(
		language === "en" ? ["who", "does", "gets", "where"] : ["qui", "rôle", "reçoit", "où"],
		HOSTED.map(({ name, does, gets, where }) => [name, does[language], gets[language], where[language]]),
	);

/** Puts `content` between the two marks `<!-- name -->` and `<!-- /name -->` of a Markdown text; throws without them. */
export function between(markdown: string, name: string, content: string): string {
	const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
	const [before, rest, ...more] = markdown.split(begin);
	const after = rest?.split(end);
	if (before === undefined || after?.length !== 2 || more.length > 0)
		throw new Error(`expected ${begin} and ${end}, once each`);
	return `${before}${begin}\n${content}\n${end}${after[1]}`;
}

const exported = ({ export: exported }: Column): string =>
	"as" in exported ? `\`${exported.as}\` (${exported.value})` : `no: ${exported.not.en}`;

const effects = ({ basis, objection }: Category): string =>
	basis === "legitimate-interest" ? (objection?.en ?? "") : "none: it does not rest on a legitimate interest";

/** docs/reference/data-map.md */
export function dataMapDocument(): string {
	const kinds = categories.map(([name, category]) => [
		`\`${name}\``,
		category.data.en,
		category.why.en,
		`${BASES[category.basis].en}; ${category.sentences.join(", ")}`,
		category.kept.en,
		effects(category),
	]);
	const rooms = tables.map(([name, { file, key, erasure, columns }]) => {
		const rows = Object.entries(columns).map(([column, entry]) => [
			`\`${column}\``,
			entry.class,
			entry.category ?? "nobody's",
			exported(entry),
			entry.correct ? `\`${entry.correct}\`` : "",
		]);
		const gone =
			erasure === "delete"
				? "deleted"
				: erasure === "nobody"
					? "kept: it is about nobody"
					: `kept without ${erasure.forget.map((column) => `\`${column}\``).join(", ")}: ${erasure.law.en}`;
		return [
			`### \`${name}\``,
			`Key \`${key}\`. In the copy: ${file ? `\`${file}.json\`, \`${file}.csv\`` : "no"}. When the account is erased: ${gone}.`,
			table(["column", "class", "kind", "in the copy", "corrected by its person"], rows),
		].join("\n\n");
	});
	return `# The data map

Made by \`npm run data-map\` from \`worker/data-map/\`; the export, the erasure and the policy's tables run on the same source. A
column that is not in it, and a file that is out of date, fail the tests.

A restricted account (art. 18): every kind is kept, past its time too but for sessions and links, and shown to its person;
nothing else is done with it, no picture and no waiting order is carried, and only mails about the account's safety and the person's rights go out.

## Kinds of data

${table(["kind", "data", "why", "basis; sentences", "kept", "after an objection"], kinds)}

## Tables

${rooms.join("\n\n")}

## Who else gets data

Of the hosted service; another deployment's list is made from its configuration.

${recipientTable("en")}
`;
}

/** docs/privacy/records.md: article 30, paragraphs 1 and 2. */
export function recordsDocument(): string {
	const activities = offered.map(([, category]) => [
		category.why.en,
		category.data.en,
		`${BASES[category.basis].en}`,
		category.anonymous ? "nobody" : "account holders",
		category.inMemory ? "nobody" : HOSTED.map(({ name }) => name).join("; "),
		category.kept.en,
	]);
	const balances = offered.flatMap(([, { balance, data }]) => (balance ? [`- **${data.en}.** ${balance.en}`] : []));
	return `# Records of processing activities

Made by \`npm run data-map\`. Article 30 GDPR. The hosted service is not offered yet: this is what it will be run by.

## As controller (art. 30(1))

Controller: Mivisus, France, contact@mivisus.com. No data protection officer is required for what is done today (art. 37); the
same address is the contact for data protection. Data subjects: people who hold an account. No transfer outside of the
European Union. Security (art. 32): TLS on every way, scrypt for passwords, secrets of cameras sealed in the browser, one
session cookie that ends on the server, erased rows overwritten, encrypted volumes and backups; SECURITY.md and the tests
named in the ledger of promises (\`npm run ledger\`) say how each is kept.

${table(["purpose", "data", "basis", "whose", "recipients", "erased"], activities)}

### Balancing tests (art. 6(1)(f))

${balances.join("\n")}

## As processor (art. 30(2))

For each account's holder, who is controller for what their cameras show: carrying pictures, and sound where it is switched on,
live from the holder's agent to browsers that the holder gave the right to. Nothing is stored. Sub-processor: ${HOSTING.name}
(${HOSTING.where.en}). No transfer outside of the European Union. Security: TLS on every way; the relay parses no media and
writes none to disk.
`;
}
