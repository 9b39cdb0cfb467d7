import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CATEGORIES, type Category, type CategoryName, categories } from "@mivisus/worker/data-map/categories";
import { tables } from "@mivisus/worker/data-map/map";
import { OUTBOUND } from "@mivisus/worker/data-map/recipients";
import { describe, expect, it } from "vitest";
import { documents } from "../../scripts/data-map/documents.ts";
import { readPolicy } from "../../scripts/ledger/rows.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "PRIVACY.md"), "utf8");
const policy = new Map(readPolicy(text).map((sentence) => [sentence.id, sentence]));
/** Both languages of a sentence hold what `words` says. */
function says(id: string, ...words: [en: RegExp, fr: RegExp]): void {
	expect(policy.get(id)?.en, id).toMatch(words[0]);
	expect(policy.get(id)?.fr, id).toMatch(words[1]);
}
/** Source files below `room`, without tests, as [path, text]. */
function sources(...rooms: string[]): [string, string][] {
	return rooms.flatMap((room) =>
		(readdirSync(join(root, room), { recursive: true, encoding: "utf8" }) as string[])
			.filter((path) => /\.tsx?$/.test(path) && !/\.test\.|node_modules|testing\//.test(path))
			.map((path): [string, string] => [`${room}/${path}`, readFileSync(join(root, room, path), "utf8")]),
	);
}
const holding = (pattern: RegExp, ...rooms: string[]) =>
	sources(...rooms)
		.filter(([, source]) => pattern.test(source))
		.map(([path]) => path);

describe("what the policy must tell", () => {
	it("01.1, 01.2, 01.3, 01.4: who is responsible, where, and for what", () => {
		says("01.1", /controller/, /responsable de traitement/);
		says("01.2", /contact@mivisus\.com/, /contact@mivisus\.com/);
		says("01.3", /France/, /France/);
		says("01.4", /processor.*article 28/, /sous-traitant.*article 28/);
	});
	it("03.5, 05.6: that people filmed must be told, and that nothing is perfectly secure", () => {
		says("03.5", /tell the people.*live/, /informer les personnes.*direct/);
		says("05.6", /No method.*perfectly secure/, /Aucune méthode.*parfaitement sûre/);
	});
	it("07.8, 07.9: where to complain, and directives after death", () => {
		says("07.8", /CNIL/, /CNIL/);
		says("07.9", /article 85/, /article 85/);
	});
	it("10.2, 11.1: the date at the top, the same in both languages, and the address", () => {
		const months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(" ");
		const english = /Last revised: (\d+ \w+ \d{4})/.exec(text)?.[1] ?? "";
		const [, day, month = "", year] = /Dernière révision : (\d+) (\S+) (\d{4})/.exec(text) ?? [];
		const french = new Date(Date.UTC(Number(year), months.indexOf(month), Number(day)));
		expect(new Date(`${english} UTC`)).toEqual(french);
		says("11.1", /contact@mivisus\.com/, /contact@mivisus\.com/);
	});
});

/** Authorities to complain to: links that contact nobody until a person follows them, on one page. */
const linked = /^web\/src\/pages\/your-data\.tsx (https:\/\/)?www\.(cnil\.fr|edpb\.europa\.eu)(\/|$)/;

const XMLSOAP = "http://schemas.xmlsoap.org/ws";
const WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
/**
 * Names in XML that look like addresses and are none: nothing connects to them, cameras and operating systems compare them
 * letter by letter. Each whole and in its file, so that any other address at these hosts is found.
 */
const IDENTIFIERS: Record<string, readonly string[]> = {
	"agent/discovery/answer.ts": [
		"http://www.onvif.org/ver10/network/wsdl",
		`${XMLSOAP}/2004/08/addressing`,
		`${XMLSOAP}/2005/04/discovery`,
		`${XMLSOAP}/2005/04/discovery/Probe`,
	],
	"agent/discovery/describe.ts": [
		"http://www.onvif.org/ver10/media/wsdl",
		"http://www.onvif.org/ver20/media/wsdl",
		"http://www.onvif.org/ver10/schema",
	],
	"agent/discovery/device.ts": [
		"http://www.onvif.org/ver10/device/wsdl",
		`${WSS}-wssecurity-secext-1.0.xsd`,
		`${WSS}-wssecurity-utility-1.0.xsd`,
		`${WSS}-username-token-profile-1.0`,
		`${WSS}-soap-message-security-1.0`,
	],
	"agent/service/launchd.ts": ["http://www.apple.com/DTDs/PropertyList-1.0.dtd"],
	"agent/service/windows.ts": ["http://schemas.microsoft.com/windows/2004/02/mit/task"],
};
/** The source without those, where each ends as it is written. */
const withoutIdentifiers = (path: string, source: string) =>
	(IDENTIFIERS[path] ?? []).reduce(
		(rest, name) => rest.replaceAll(`${name}"`, '"').replaceAll(`${name}<`, "<"),
		source,
	);

describe("what the code must not do", () => {
	it("03.2: relay and worker have no way to write media: the relay opens no file for writing", () => {
		const writing = /\b(writeFile|createWriteStream|appendFile|openSync|writeSync|mkdtemp|O_RDWR|O_WRONLY|O_CREAT)/;
		expect(holding(writing, "relay")).toEqual([]);
		expect(holding(writing, "worker")).toEqual(["worker/platform/ledger.node.ts", "worker/platform/secrets.node.ts"]);
		expect(holding(/from "@mivisus\/transport/, "worker")).toEqual([]);
	});
	it("04.1, 04.6: every column serves a sentence of the policy, and what rests on an interest is weighed and can be objected to", () => {
		for (const [name, { sentences, basis, balance, objection }] of categories) {
			expect(sentences.length, name).toBeGreaterThan(0);
			for (const id of sentences) expect([...policy.keys()], name).toContain(id);
			expect([balance !== undefined, objection !== undefined], name).toEqual(
				Array.from({ length: 2 }, () => basis === "legitimate-interest"),
			);
		}
		const kindOf = (name: CategoryName): Category => CATEGORIES[name];
		const used = new Set(tables.flatMap(([, { columns }]) => Object.values(columns).map(({ category }) => category)));
		for (const [name, { inMemory }] of categories) expect(used.has(name), name).toBe(inMemory !== true);
		for (const [table, { erasure, columns }] of tables) {
			for (const [column, { category }] of Object.entries(columns)) {
				const nobodys = category === undefined || kindOf(category).anonymous === true;
				expect(nobodys, `${table}.${column}`).toBe(erasure === "nobody");
			}
		}
	});
	it("02.1, 09.1: the policy's tables and the documents made from the data map are up to date", () => {
		const read = (path: string) => readFileSync(join(root, path), "utf8");
		for (const [path, made] of Object.entries(documents(read)))
			expect(read(path) === made, `${path}: npm run data-map`).toBe(true);
	});
	it("04.7: nobody is told anything: the worker calls no host but its relay, the mail server and its database", () => {
		const connects =
			/\bfetch\(|\?\? fetch\)\(|from "(nodemailer|undici|axios|got|node:https?|node:net|node:tls|node:dgram)"|new WebSocket/;
		// Every file that can is on the data map's list, which says to whom.
		expect(holding(connects, "worker").sort()).toEqual(Object.keys(OUTBOUND).sort());
		// And a host that stands in the code is our own, a recipient's, or nobody's.
		const ours =
			/^(mivisus\.com|relay\.mivisus\.com|localhost|127\.0\.0\.1|\[::1\]|www\.w3\.org|json-schema\.org|email\.\$\{region\}\.amazonaws\.com)$|(^|\.)(host|example|example\.net|test)$/;
		const hosts = sources("worker", "wire", "transport", "relay", "agent", "web/src").flatMap(([path, source]) =>
			[
				...withoutIdentifiers(path, source).matchAll(
					/\b(?:https?|wss?|smtps?|libsql):\/\/(?:[^\s"'`/@]*@)?((?:\$\{[^}]*\}|\[::1\]|[\w-]+)(?:\.(?:\$\{[^}]*\}|[\w-]+))*)/g,
				),
			]
				.map(([, host = ""]) => host)
				.filter((host) => !/^\$\{[^}]*\}$/.test(host) && !ours.test(host) && !linked.test(`${path} ${host}`))
				.map((host) => `${path}: ${host}`),
		);
		expect(hosts).toEqual([]);
	});
	it("08.1, 08.2: the one cookie is the session's, set in one place", () => {
		expect(holding(/Set-Cookie|setCookie\(/i, "worker").sort()).toEqual([
			"worker/app.ts",
			"worker/http/account-routes.ts",
			"worker/http/rights-routes.ts",
			"worker/sessions/sessions.ts",
		]);
		expect(holding(/document\.cookie|cookieStore/, "web/src", "relay", "agent")).toEqual([]);
	});
	it("09.3: the page names no host of anybody else", () => {
		const foreign = sources("web/src").flatMap(([path, source]) =>
			[...source.matchAll(/["'`(]((?:https?|wss?):\/\/[a-z0-9][^"'`)\s]*)/gi)]
				.map(([, url = ""]) => url)
				.filter(
					(url) => !/^https:\/\/mivisus\.com|^http:\/\/www\.w3\.org\/|^https?:\/\/(localhost|127\.0\.0\.1)/.test(url),
				)
				.filter((url) => !linked.test(`${path} ${url}`))
				.map((url) => `${path}: ${url}`),
		);
		expect(foreign).toEqual([]);
	});
});
