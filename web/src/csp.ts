import { config } from "zod";

/** The page's policy forbids code from strings; zod would try it and be reported. Imported before any schema is made. */
config({ jitless: true });
