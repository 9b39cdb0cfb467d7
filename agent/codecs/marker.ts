/** As many pictures whose marker told the truth make it believed: a picture then goes out when its last packet came. */
const TRUSTED_AFTER = 3;

/**
 * What a camera's marker bits are worth. They should stand on the last packet of a picture (RFC 6184, section 5.1), but
 * some cameras never set them, and others set them everywhere (P02): so a marker is believed only after it was right a
 * few times, and never again after it was wrong.
 */
export class MarkerTrust {
	#truthful = 0;
	#lying = false;
	/** Whether the marker stood on the packet that came last. */
	#atEnd = false;

	/** What came last was marked as the end of its picture, and that has not proved wrong. */
	get saysWhole(): boolean {
		return this.#atEnd && !this.#lying;
	}
	/** After each packet: whether it was marked as the end. True when that is believed. */
	seen(atEnd: boolean): boolean {
		this.#atEnd = atEnd;
		return this.saysWhole && this.#truthful >= TRUSTED_AFTER;
	}
	/** The content says that a picture is over. */
	pictureEnded(): void {
		if (this.#atEnd) this.#truthful += 1;
	}
	/** The content says that a picture goes on. */
	pictureGoesOn(): void {
		if (this.#atEnd) this.#lying = true;
		this.#atEnd = false;
	}
	/** Forgets the last packet's. */
	clear(): void {
		this.#atEnd = false;
	}
}
