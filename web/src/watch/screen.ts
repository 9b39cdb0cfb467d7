/** The canvas of a tile, and what stands on it. */
export class Screen {
	#canvas: OffscreenCanvas;
	#context: OffscreenCanvasRenderingContext2D | null;
	/** When the last picture was painted (local wall clock, ms); `undefined`: what stands there is no picture of now. */
	paintedMs: number | undefined;
	/** When the camera took it (agent's wall clock, ms). */
	capturedMs = 0;
	size = { width: 0, height: 0 };

	constructor(canvas: OffscreenCanvas) {
		this.#canvas = canvas;
		this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
	}
	paint(frame: VideoFrame): void {
		const { displayWidth: width, displayHeight: height } = frame;
		const canvas = this.#canvas;
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
			this.size = { width, height };
		}
		this.#context?.drawImage(frame, 0, 0);
		this.paintedMs = Date.now();
		this.capturedMs = frame.timestamp / 1000;
	}
	/** Leaves no trace of the last picture. */
	wipe(): void {
		this.#context?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
		this.paintedMs = undefined;
	}
}
