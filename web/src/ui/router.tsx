import { createSignal, type JSX, splitProps } from "solid-js";

const [path, setPath] = createSignal(location.pathname);

/** The current path, without query and fragment. */
export { path };

/** Goes to another page of this site. */
export function navigate(to: string, { replace = false } = {}): void {
	if (replace) history.replaceState(null, "", to);
	else history.pushState(null, "", to);
	setPath(location.pathname);
	scrollTo(0, 0);
}
addEventListener("popstate", () => setPath(location.pathname));

/** A link inside the site. With a modifier key the browser does what it always does. */
export function Link(props: JSX.AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
	const [own, rest] = splitProps(props, ["children", "href"]);
	const follow = (event: MouseEvent) => {
		if (event.defaultPrevented || event.button !== 0) return;
		if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		navigate(props.href);
	};
	return (
		<a {...rest} href={own.href} onClick={follow}>
			{own.children}
		</a>
	);
}

/** `/cameras/:id` against a path: the values of the `:names`, or nothing. */
export function match(pattern: string, at: string): Record<string, string> | undefined {
	const [wanted, given] = [pattern.split("/"), at.replace(/(.)\/$/, "$1").split("/")];
	if (wanted.length !== given.length) return undefined;
	const values: Record<string, string> = {};
	for (const [index, segment] of wanted.entries()) {
		const actual = given[index] ?? "";
		if (segment.startsWith(":") && actual !== "") values[segment.slice(1)] = actual;
		else if (segment !== actual) return undefined;
	}
	return values;
}
