/** Crockford's alphabet: nothing in it is taken for anything else when it is read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A number for a request or a receipt, `XXXX-XXXX-XXXX`: 60 random bits, so that it tells nothing and is not guessed. */
export function newNumber(): string {
	const letters = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => ALPHABET[byte & 31]).join("");
	return (letters.match(/.{4}/g) ?? []).join("-");
}
