// Asks the server; an answer that is none becomes an Error with a line for a person.

// A little more than the server takes to say that the database is away or too slow.
const ANSWER_SECONDS = 40;

export async function get(path, query = {}, signal = undefined) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) asked.append(name, one);
  }
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_SECONDS * 1000);
  try {
    return await answered(`${path}?${asked}`, AbortSignal.any([late.signal, ...(signal ? [signal] : [])]));
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted) throw error;
    throw new Error(`The dashboard's server has not answered for ${ANSWER_SECONDS} seconds.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function answered(address, signal) {
  const answer = await fetch(address, { signal }).catch((error) => {
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
