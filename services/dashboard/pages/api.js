// Asks the server; an answer that is none becomes an Error with a line for a person.

export async function get(path, query = {}, signal = undefined) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) asked.append(name, one);
  }
  let answer;
  try {
    answer = await fetch(`${path}?${asked}`, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The dashboard's server cannot be reached.");
  }
  if (answer.ok) return answer.json();
  const told = await answer.json().catch(() => ({}));
  const detail = typeof told.detail === "string" ? told.detail : answer.statusText;
  throw Object.assign(new Error(`${detail} (${answer.status})`), { status: answer.status });
}
