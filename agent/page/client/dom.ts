type Child = Node | string | undefined | false;
type Properties = Record<string, string | boolean | number | undefined | ((event: Event) => void)>;

/** An element: properties that begin with `on` are listeners, booleans are attributes that are there or not. */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	properties: Properties = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (typeof value === "function") element.addEventListener(name.slice(2), value);
		else if (value === true) element.setAttribute(name, "");
		else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
	}
	element.append(...children.filter((child) => child !== undefined && child !== false));
	return element;
}

/** Sets an element's text where it changed: a screen reader then hears only what is new. */
export function setText(element: HTMLElement, text: string): void {
	if (element.textContent !== text) element.textContent = text;
}

let serial = 0;
/** A field with its label, and a line below that explains it. */
export function field(
	label: string,
	properties: Properties,
	hint?: string,
): { row: HTMLElement; input: HTMLInputElement } {
	serial += 1;
	const id = `f${serial}`;
	const input = h("input", { id, ...properties, "aria-describedby": hint && `${id}h` });
	const row = h("div", { class: "field" }, h("label", { for: id }, label), input);
	if (hint) row.append(h("p", { class: "hint", id: `${id}h` }, hint));
	return { row, input };
}

/** A button that says that it is at work until `work` is done, and cannot be pressed meanwhile. */
export function button(label: string, work: () => unknown, kind = ""): HTMLButtonElement {
	const element = h("button", { type: "button", class: kind }, label);
	element.addEventListener("click", async () => {
		if (element.ariaDisabled === "true") return;
		element.ariaDisabled = "true";
		try {
			await work();
		} finally {
			element.ariaDisabled = "false";
		}
	});
	return element;
}
