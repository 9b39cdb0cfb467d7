/** Tiles narrower than this are not worth looking at: the grid scrolls instead. */
const MIN_TILE = 300;
const RATIO = 16 / 9;
/** Tiles a little smaller that fill the width look larger than ones with wide empty sides. */
const NEARLY = 0.95;

/** Columns and tile width (px) that make `count` tiles as large as they can be in `width` × `height`, with `gap` between. */
export function fitGrid(count: number, width: number, height: number, gap: number): { columns: number; tile: number } {
	let best = { columns: 1, tile: 0 };
	let filling = best;
	for (let columns = 1; columns <= count; columns += 1) {
		const rows = Math.ceil(count / columns);
		const byWidth = Math.floor((width - gap * (columns - 1)) / columns);
		const byHeight = Math.floor(((height - gap * (rows - 1)) / rows) * RATIO);
		const tile = Math.min(byWidth, byHeight);
		if (tile > best.tile) best = { columns, tile };
		if (tile === byWidth && tile > filling.tile) filling = { columns, tile };
	}
	if (filling.tile >= Math.max(best.tile * NEARLY, MIN_TILE)) return filling;
	if (best.tile >= Math.min(MIN_TILE, width)) return best;
	const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (MIN_TILE + gap))));
	return { columns, tile: Math.floor((width - gap * (columns - 1)) / columns) };
}
