import sax from "sax";
import { MAX_XML_DEPTH, MAX_XML_ELEMENTS } from "./limits.ts";

/** One element; names are without prefix, because cameras use any prefix and sometimes an undeclared one. */
export interface XmlElement {
	name: string;
	attributes: ReadonlyMap<string, string>;
	children: XmlElement[];
	/** Its own text, without that of its children. */
	text: string;
}

const localName = (name: string) => name.slice(name.lastIndexOf(":") + 1);
const createElement = (name: string, attributes = new Map<string, string>()): XmlElement => ({
	name,
	attributes,
	children: [],
	text: "",
});

/**
 * Reads XML as far as it can be read: what is cut off, not closed or not quoted costs only itself. Entities of a DTD are
 * never expanded, nothing is fetched. The returned element is a root that holds what was found. Never throws.
 */
export function parseXml(text: string): XmlElement {
	const root = createElement("");
	const open = [root];
	let elements = 0;
	/** Elements that are open but not kept, past a limit. */
	let skipped = 0;
	const parser = sax.parser(true);
	parser.onerror = () => {
		// Its types know no way back from an error; its manual says to do this.
		parser.error = null as unknown as Error;
		parser.resume();
	};
	parser.onopentag = ({ name, attributes }) => {
		elements += 1;
		if (skipped > 0 || open.length > MAX_XML_DEPTH || elements > MAX_XML_ELEMENTS) {
			skipped += 1;
			return;
		}
		const pairs = Object.entries(attributes).map(([key, value]) => [localName(key), String(value)] as const);
		const element = createElement(localName(name), new Map(pairs));
		open.at(-1)!.children.push(element);
		open.push(element);
	};
	parser.onclosetag = () => {
		if (skipped > 0) skipped -= 1;
		else if (open.length > 1) open.pop();
	};
	const onText = (piece: string) => {
		if (skipped === 0) open.at(-1)!.text += piece;
	};
	parser.ontext = onText;
	parser.oncdata = onText;
	try {
		parser.write(text).close();
	} catch {
		// The parser gives up on some texts; what was read until there stands.
	}
	return root;
}

/** All elements of that name below `element`, in their order; those inside of a found one are not looked for. */
export function findAll(element: XmlElement, name: string): XmlElement[] {
	return element.children.flatMap((child) => (child.name === name ? [child] : findAll(child, name)));
}

/** The first element of that name below `element`. */
export function find(element: XmlElement, name: string): XmlElement | undefined {
	for (const child of element.children) {
		const found = child.name === name ? child : find(child, name);
		if (found) return found;
	}
	return undefined;
}

/** Trimmed text of the first element at that path of names, each anywhere below the one before; empty where none is. */
export function textAt(element: XmlElement, ...names: string[]): string {
	let at: XmlElement | undefined = element;
	for (const name of names) at = at && find(at, name);
	return at?.text.trim() ?? "";
}

/** `text` for use inside of an element. Characters that XML 1.0 knows no way to write are left out. */
export function escapeXml(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML forbids
	const writable = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "");
	return writable.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
