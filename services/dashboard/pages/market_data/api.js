// Asks the server; an answer that is none becomes an Error with a line for a person.

// A little more than the server takes to say that the database is away or too slow.
const ANSWER_SECONDS = 40;

export async function get(path, query = {}, signal = undefined) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) asked.append(name, one);
  }
  return patiently((given) => answered(`${path}?${asked}`, { signal: given }), signal);
}

// What changes something says so by a header that no page of another site can send.
export function send(method, path, body = undefined) {
  const facts = { method, headers: { "X-Requested-With": "tapeline" } };
  if (body !== undefined) {
    facts.headers["Content-Type"] = "application/json";
    facts.body = JSON.stringify(body);
  }
  return patiently((signal) => answered(path, { ...facts, signal }));
}

async function patiently(ask, signal = undefined) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_SECONDS * 1000);
  try {
    return await ask(AbortSignal.any([late.signal, ...(signal ? [signal] : [])]));
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted) throw error;
    throw new Error(`The dashboard's server has not answered for ${ANSWER_SECONDS} seconds.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function answered(address, facts) {
  const answer = await fetch(address, facts).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("The dashboard's server cannot be reached.", { cause: error });
  });
  const told = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    if (answer.ok) throw new Error("The dashboard's server has not answered in full.", { cause: error });
    return {};
  });
  if (answer.ok) return told;
  const detail = typeof told.detail === "string" ? told.detail : answer.statusText;
  const sentence = `${detail.charAt(0).toUpperCase()}${detail.slice(1)} (${answer.status}).`;
  throw Object.assign(new Error(sentence), { status: answer.status });
}
