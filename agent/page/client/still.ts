import type { Picture } from "./api.ts";

/** Longer than any decoder takes for one picture, ms. */
const PATIENCE_MS = 5000;
/** How drawing ended; whatever is not `shown` is told in words. */
export type Drawn = "shown" | "no-decoder" | "codec" | "broken";

const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** Draws the camera's key frame: the agent cannot decode, the browser can. */
export async function draw(canvas: HTMLCanvasElement, picture: Picture): Promise<Drawn> {
	try {
		if (picture.kind === "jpeg") {
			const bitmap = await createImageBitmap(new Blob([bytesOf(picture.data)], { type: "image/jpeg" }));
			paint(canvas, bitmap, bitmap.width, bitmap.height);
			bitmap.close();
			return "shown";
		}
		if (!("VideoDecoder" in window)) return "no-decoder";
		const config: VideoDecoderConfig = {
			codec: picture.codec,
			codedWidth: picture.width,
			codedHeight: picture.height,
			...(picture.description && { description: bytesOf(picture.description) }),
		};
		const { supported } = await VideoDecoder.isConfigSupported(config);
		return supported ? await decode(canvas, config, bytesOf(picture.data)) : "codec";
	} catch {
		return "broken";
	}
}

function decode(canvas: HTMLCanvasElement, config: VideoDecoderConfig, data: Uint8Array<ArrayBuffer>): Promise<Drawn> {
	return new Promise((resolve) => {
		let drawn: Drawn = "broken";
		const decoder = new VideoDecoder({
			output: (frame) => {
				if (drawn !== "shown") paint(canvas, frame, frame.displayWidth, frame.displayHeight);
				drawn = "shown";
				frame.close();
			},
			error: () => resolve("broken"),
		});
		const end = () => {
			clearTimeout(timer);
			if (decoder.state !== "closed") decoder.close();
			resolve(drawn);
		};
		const timer = setTimeout(end, PATIENCE_MS);
		decoder.configure(config);
		decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: 0, data }));
		decoder.flush().then(end, end);
	});
}

function paint(canvas: HTMLCanvasElement, image: CanvasImageSource, width: number, height: number): void {
	canvas.width = width;
	canvas.height = height;
	canvas.getContext("2d")?.drawImage(image, 0, 0, width, height);
}

/** Draws a QR code, with the white border that scanners need. */
export function drawCode(canvas: HTMLCanvasElement, rows: readonly string[]): void {
	const [border, scale] = [4, 6];
	canvas.width = (rows.length + 2 * border) * scale;
	canvas.height = canvas.width;
	const context = canvas.getContext("2d");
	if (!context) return;
	context.fillStyle = "#fff";
	context.fillRect(0, 0, canvas.width, canvas.height);
	context.fillStyle = "#000";
	for (const [y, row] of rows.entries()) {
		for (const [x, dark] of [...row].entries()) {
			if (dark === "1") context.fillRect((x + border) * scale, (y + border) * scale, scale, scale);
		}
	}
}
