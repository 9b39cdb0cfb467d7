import type { Built } from "./compile.ts";
import type { Target } from "./targets.ts";
export async function packagesFor(_t: Target, _b: Built, _o: string): Promise<string[]> {
	return [];
}
