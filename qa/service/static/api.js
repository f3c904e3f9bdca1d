// The service, as /openapi.json describes it.

const KEY = "article-qa-key";
const MOST_RETRIES = 5;

/** An error of the service, in its one shape. */
export class ServiceError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The service at an address; "" is the page's own. */
export class Service {
  constructor(base = "") {
    this.base = base.replace(/\/$/, "");
  }

  set key(key) {
    sessionStorage.setItem(KEY, key);
  }

  async ask(question, { document: id, signal } = {}) {
    const filters = id ? [`id=${id}`] : [];
    const response = await this.#send("/v1/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question, filters }),
      signal,
    });
    return response.json();
  }

  async documents(limit) {
    return (await this.#send(`/v1/documents?limit=${limit}`)).json();
  }

  async document(id) {
    return (await this.#send(`/v1/documents/${encodeURIComponent(id)}`)).json();
  }

  async text(id) {
    return (await this.#send(`/v1/documents/${encodeURIComponent(id)}/text`)).text();
  }

  /** Send a request; where the service is too busy, come back when it says so. */
  async #send(path, options = {}) {
    for (let retries = 0; ; retries += 1) {
      const response = await this.#sendOnce(path, options);
      if (response.ok) return response;
      const body = await response.json().catch(() => null);
      const { code, message } = body?.error ?? { code: "error", message: `The service answered ${response.status}.` };
      if (code !== "overloaded" || retries === MOST_RETRIES) throw new ServiceError(response.status, code, message);
      await new Promise((resolve) => setTimeout(resolve, 1000 * (Number(response.headers.get("Retry-After")) || 1)));
    }
  }

  async #sendOnce(path, options) {
    const key = this.base ? null : sessionStorage.getItem(KEY);
    const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    try {
      return await fetch(this.base + path, { ...options, headers, credentials: "omit", redirect: "error" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServiceError(0, "unreachable", "The service cannot be reached.");
    }
  }
}
