/** What is wrong with the configuration, where, and what to do, in words. */
export class ConfigError extends Error {
	override name = "ConfigError";
}

/** Changes of a letter from one word to another (Levenshtein). */
function distance(from: string, to: string): number {
	let row = Array.from({ length: to.length + 1 }, (_, at) => at);
	for (let i = 1; i <= from.length; i++) {
		const above = row;
		row = [i];
		for (let j = 1; j <= to.length; j++) {
			const same = from[i - 1] === to[j - 1] ? 0 : 1;
			row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same));
		}
	}
	return row[to.length]!;
}

/** The word of `known` that was probably meant; `undefined` where more than `most` letters differ from each. */
export function nearest(word: string, known: readonly string[], most: number): string | undefined {
	const byDistance = known.map((name) => ({ name, changes: distance(word.toLowerCase(), name.toLowerCase()) }));
	const best = byDistance.sort((a, b) => a.changes - b.changes)[0];
	return best && best.changes <= most ? best.name : undefined;
}
