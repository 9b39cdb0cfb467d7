/** Who looks at which camera of a bare server: paths `/publish/<camera>` and `/view/<camera>`. */
export class Cameras<Viewer> {
	#viewers = new Map<string, Set<Viewer>>();

	/** The viewers of a camera, whether or not it is there yet. */
	of(broadcast: string): Set<Viewer> {
		const viewers = this.#viewers.get(broadcast) ?? new Set();
		this.#viewers.set(broadcast, viewers);
		return viewers;
	}
	/** What a path asks for. Throws for any other. */
	static asked(path: string): { publishes: boolean; broadcast: string } {
		const match = /^\/(publish|view)\/([\w-]+)$/.exec(path);
		if (!match?.[2]) throw new Error(`no such path: ${path}`);
		return { publishes: match[1] === "publish", broadcast: match[2] };
	}
}
