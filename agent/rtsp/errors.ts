/** Why a camera gives no picture; the codes stand in `wire/catalog.ts`. */
export type CameraFaultCode = "camera-unreachable" | "camera-refused" | "stream-unsupported";

/** A camera gives no picture. The message is plain words for its owner: never a password, never an address. */
export class CameraError extends Error {
	override name = "CameraError";
	readonly code: CameraFaultCode;
	/** The other transport may work: the camera said so, or nothing came by this one. */
	readonly tryOtherTransport: boolean;
	/**
	 * The camera's certificate, which nobody vouches for: SHA-256 of its DER form, lower-case hexadecimal, as
	 * `CameraAccess.certificate` takes it once the owner accepted it.
	 */
	readonly certificate: string | undefined;
	constructor(
		code: CameraFaultCode,
		message: string,
		options: { tryOtherTransport?: boolean; certificate?: string } = {},
	) {
		super(message);
		this.code = code;
		this.tryOtherTransport = options.tryOtherTransport ?? false;
		this.certificate = options.certificate;
	}
}

/** The fault behind an RTSP status that is not a success. */
export function faultOfStatus(method: string, status: number): CameraError {
	if (status === 401 || status === 403) {
		return new CameraError("camera-refused", "The camera does not give its picture to this user.");
	}
	if (status === 461 || status === 406) {
		const message = "The camera does not send by this transport.";
		return new CameraError("stream-unsupported", message, { tryOtherTransport: true });
	}
	if (status === 404 || status === 410) {
		return new CameraError("stream-unsupported", "The camera has no stream at this path.");
	}
	if (status === 454) return new CameraError("camera-unreachable", "The camera forgot the session.");
	if (status === 453 || status === 503) {
		return new CameraError(
			"camera-unreachable",
			"The camera cannot give its picture now. It may have too many viewers.",
		);
	}
	return new CameraError("camera-unreachable", `The camera answered ${method} with an error (${status}).`);
}
