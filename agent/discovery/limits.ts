/** Limits of finding cameras and of asking them what they are (design: section 9). */

/** One look for cameras, ms. Cameras may wait 500 ms before they answer; slow ones take seconds. */
export const SEARCH_MS = 5000;
/** How often a running look asks the machine for new and vanished addresses, ms. */
export const RESCAN_MS = 1000;
/** Addresses of this machine that are asked from at once. */
export const MAX_SOCKETS = 64;
/** One answer, bytes; a longer one is not read. */
export const MAX_ANSWER_BYTES = 16 * 1024;
/** Devices in one answer: a recorder may answer for its cameras. */
export const MAX_MATCHES = 16;
/** Answers of one address that are read in one look, so that a babbler hides nobody else. */
export const MAX_ANSWERS_PER_HOST = 64;
/** Answers of all addresses together that are read in one look. */
export const MAX_ANSWERS = 4096;
/** Devices that one address may claim to be, likewise. */
export const MAX_FOUND_PER_HOST = 32;
/** Devices that one look finds. */
export const MAX_FOUND = 256;

/** Nesting of XML that is read; what lies deeper is skipped. */
export const MAX_XML_DEPTH = 64;
/** Elements of one XML text; what follows is skipped. */
export const MAX_XML_ELEMENTS = 10_000;
/** A name that a camera gives itself, characters. */
export const MAX_NAME_LENGTH = 100;
/** An endpoint reference, characters: `CameraAccess.device` holds no more. */
export const MAX_DEVICE_LENGTH = 200;
/** Addresses at which one device offers its services. */
export const MAX_SERVICE_ADDRESSES = 8;

/** Body of one answer over HTTP, bytes. */
export const MAX_SOAP_BYTES = 512 * 1024;
/** One question over HTTP from connecting to the last byte, ms. */
export const SOAP_TIMEOUT_MS = 6000;
/** All questions to one camera together, ms. */
export const DESCRIBE_MS = 30_000;
/** Profiles of one camera that are looked at. */
export const MAX_PROFILES = 128;
/** Path of a service, a stream or a still picture, characters: `StreamAddress.path` holds no more. */
export const MAX_PATH_LENGTH = 1024;

/** So many tries at a camera's address fail in a row before it is looked for elsewhere. */
export const LOOK_AFTER_FAILURES = 3;
/** One camera is not looked for again within, ms. */
export const LOOK_EVERY_MS = 60_000;
