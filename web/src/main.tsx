import "./csp.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/live.css";
import { render } from "solid-js/web";
import { App } from "./app.tsx";
import { takeLinkFromAddress } from "./ui/session.ts";

// Before anything else: the secret of a link must not stay in the address bar.
takeLinkFromAddress();
addEventListener("hashchange", takeLinkFromAddress);

const root = document.getElementById("app");
if (root) render(() => <App />, root);
