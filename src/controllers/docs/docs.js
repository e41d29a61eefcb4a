// The page of the API: Swagger UI, with forms to log in, code samples, a filter of operations, and addresses that hold
// wherever a proxy serves the page.
"use strict";

(() => {
  // This script is one level below the root.
  const root = new URL("..", document.currentScript.src).href.replace(/\/$/, "");
  const METHODS = ["get", "post", "patch", "delete"];
  const SAMPLE_ROOT = "http://localhost:8000";

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", followScheme);
  followScheme();

  /** An optional parameter is not filled in with its example, which would be sent. */
  function leaveEmpty(parameter) {
    if (parameter.required || parameter.$ref) return;
    if (String(parameter.example)) parameter.description += ` Example: \`${parameter.example}\`.`;
    delete parameter.example;
  }

  /** The document with its relative addresses made absolute: they are meant from the root, which this page knows. */
  function located(spec) {
    const at = (address) => (address.startsWith("/") ? (root + address).replace(/\/$/, "") : address);
    const located = structuredClone(spec);
    for (const server of located.servers) server.url = at(server.url);
    const { password } = located.components.securitySchemes.oauth2.flows;
    password.tokenUrl = at(password.tokenUrl);
    for (const parameter of Object.values(located.components.parameters)) leaveEmpty(parameter);
    located.info.description = located.info.description.replaceAll("](/", `](${root}/`);
    for (const path of Object.values(located.paths)) {
      for (const operation of METHODS.map((method) => path[method])) {
        operation?.parameters?.forEach(leaveEmpty);
      }
    }
    return located;
  }

  /** The code samples by the id of their operation, loaded with the first that is shown. */
  let loaded;
  const loadSamples = () =>
    (loaded ??= fetch(`${root}/docs/samples.json`)
      .then((response) => response.text())
      .then((text) => JSON.parse(text.replaceAll(SAMPLE_ROOT, root))));

  /** Returns the answer of the token endpoint. Throws the reason of a failure. */
  async function logIn(schema, username, password) {
    const url = schema.get("tokenUrl") ?? schema.getIn(["flows", "password", "tokenUrl"]);
    const response = await fetch(url, { method: "POST", body: new URLSearchParams({ username, password }) });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail);
    return body;
  }

  const plugin = ({ React }) => {
    const h = React.createElement;

    /** One scheme of the Authorize dialog: the login, or a token. */
    function Authorization({ name, schema, isAuthorized, actions }) {
      const [error, setError] = React.useState("");
      const isLogin = schema.get("type") === "oauth2";
      const close = () => actions.showDefinitions(false);
      const field = (id, label, input) =>
        h("div", { className: "docs-field" }, h("label", { htmlFor: id }, label), h("input", { id, name: id, required: true, ...input }));
      const logOut = () => actions.logoutWithPersistOption([name]);
      const submit = async (event) => {
        event.preventDefault();
        const fields = event.target.elements;
        try {
          if (isLogin) {
            const token = await logIn(schema, fields.oauth_username.value, fields.oauth_password.value);
            // Without the password, which would be kept too.
            actions.authorizeOauth2WithPersistOption({ auth: { name, schema }, token });
          } else {
            const value = fields.bearer_token.value.trim();
            actions.authorizeWithPersistOption({ [name]: { name, schema, value } });
          }
          close();
        } catch (failure) {
          setError(failure.message);
        }
      };
      const fields = isLogin
        ? [
            field("oauth_username", "E-mail", { type: "text", inputMode: "email", autoComplete: "username", autoFocus: true }),
            field("oauth_password", "Password", { type: "password", autoComplete: "current-password" }),
          ]
        : [field("bearer_token", "Access token or personal access token", { type: "text", autoComplete: "off", spellCheck: false })];
      const title = h("h4", null, isLogin ? "Log in" : "Use a token");
      if (isAuthorized) {
        return h("div", { className: "auth-container" }, title, h("p", null, "Authorized."),
          h("button", { type: "button", className: "btn modal-btn auth", onClick: logOut }, "Log out"));
      }
      return h("form", { className: "auth-container", onSubmit: submit }, title, ...fields,
        error && h("p", { className: "docs-error", role: "alert" }, error),
        h("button", { type: "submit", className: "btn modal-btn auth authorize" }, isLogin ? "Log in" : "Use token"));
    }

    function Authorizations({ definitions, authSelectors, authActions }) {
      const authorized = authSelectors.authorized();
      return definitions.entrySeq().map(([name, schema]) =>
        h(Authorization, { key: name, name, schema, isAuthorized: Boolean(authorized.get(name)), actions: authActions }));
    }

    /** The samples of an operation, one at a time. The language is that of all operations. */
    let language = 0;
    function Samples({ id, getComponent }) {
      const [shown, setShown] = React.useState(language);
      const [samples, setSamples] = React.useState();
      React.useEffect(() => void loadSamples().then((all) => setSamples(all[id])), [id]);
      if (!samples) return null;
      const Code = getComponent("HighlightCode", true);
      const show = (index) => { language = index; setShown(index); };
      const tab = (sample, index) =>
        h("button", { key: sample.lang, type: "button", role: "tab", "aria-selected": index === shown, onClick: () => show(index) }, sample.lang);
      return h("div", { className: "docs-samples" },
        h("div", { className: "opblock-section-header" }, h("h4", null, "Samples"), h("div", { role: "tablist" }, samples.map(tab))),
        h(Code, { language: samples[shown].lang === "Shell" ? "bash" : "javascript", canCopy: true }, samples[shown].source));
    }

    const withSamples = (Responses, { specSelectors, getComponent }) => (props) => {
      const id = specSelectors.specJson().getIn(["paths", props.path, props.method, "operationId"]);
      return h(React.Fragment, null, h(Samples, { id, getComponent }), h(Responses, props));
    };

    /** The answer of a failure is folded: there are many, and they are much alike. */
    const foldedFailure = (Response) => (props) => {
      const [isOpen, setOpen] = React.useState(props.code < "400");
      if (isOpen) return h(Response, props);
      return h("tr", { className: "response", "data-code": props.code },
        h("td", { className: "response-col_status" }, props.code),
        h("td", { className: "response-col_description" },
          h("button", { type: "button", className: "docs-more", onClick: () => setOpen(true) }, "Show"),
          props.response.get("description")));
    };

    function Filter({ layoutSelectors, layoutActions }) {
      const filter = layoutSelectors.currentFilter();
      return h("div", { className: "filter wrapper" },
        h("input", {
          type: "search", className: "operation-filter-input", placeholder: "Filter operations", "aria-label": "Filter operations",
          value: typeof filter === "string" ? filter : "", onChange: (event) => layoutActions.updateFilter(event.target.value),
        }));
    }

    /** The operations in which `phrase` occurs, by tag. */
    function operationsWith(taggedOperations, phrase) {
      const wanted = phrase.toLowerCase();
      const matches = (tag, operation) =>
        [tag, operation.get("method"), operation.get("path"), ...["operationId", "summary"].map((name) => operation.getIn(["operation", name]))]
          .join(" ").toLowerCase().includes(wanted);
      return taggedOperations
        .map((group, tag) => group.update("operations", (operations) => operations.filter((operation) => matches(tag, operation))))
        .filter((group) => !group.get("operations").isEmpty());
    }

    return {
      fn: { opsFilter: operationsWith },
      components: { auths: Authorizations, FilterContainer: Filter, ServersContainer: () => null },
      wrapComponents: { response: foldedFailure, responses: withSamples },
      statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (spec) => update(located(spec)) } } },
    };
  };

  const ui = SwaggerUIBundle({
    url: `${root}/openapi.json`,
    dom_id: "#swagger-ui",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: true,
    requestSnippetsEnabled: true,
    syntaxHighlight: { theme: "tomorrow-night" },
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [plugin],
    layout: "BaseLayout",
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") ui.authActions.showDefinitions(false);
  });
})();
