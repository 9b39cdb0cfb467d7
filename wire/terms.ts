/** Version of the terms of service that the pages show and an account accepts: the day they were last changed. */
export const TERMS_VERSION = "2026-11-26";
/** Version of the agreement on processing (GDPR, art. 28) for the pictures of people whom a customer's cameras film. */
export const AGREEMENT_VERSION = "2026-11-26";
