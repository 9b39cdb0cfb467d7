import type { Script } from "../scripted.ts";

/** One way in which a camera can be hostile or broken (R9). */
export interface Behaviour {
	name: string;
	script: Script;
	/** `tcp` unless given. */
	transport?: "tcp" | "udp";
}

export const MIB = 1024 * 1024;

/** The same table written as pairs. */
export const named = (group: string, table: Record<string, Script>, transport?: "udp"): Behaviour[] =>
	Object.entries(table).map(([name, script]) => ({
		name: `${group}: ${name}`,
		script,
		...(transport ? { transport } : {}),
	}));
