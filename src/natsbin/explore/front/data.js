// Files of the site: fetched when they are first needed, unpacked, and kept. `pack.py` describes the format.

const kept = new Map();
const MOST_CURVES = 60;

/** A file of arrays, by the name of each: `{shape, values}`. */
export function arrays(name) {
  return once(name, async () => unpack(await (await get(name)).arrayBuffer()));
}

/** A file of JSON. */
export function json(name) {
  return once(name, async () => (await get(name)).json());
}

async function get(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
  return answer;
}

function once(name, make) {
  if (!kept.has(name)) {
    const promise = make();
    promise.catch(() => kept.delete(name)); // so that it can be asked again
    kept.set(name, promise);
    const curves = [...kept.keys()].filter((one) => one.includes("/curves/"));
    if (curves.length > MOST_CURVES) kept.delete(curves[0]);
  }
  return kept.get(name);
}

const KINDS = { float64: [Float64Array, 8], float32: [Float32Array, 4], int32: [Int32Array, 4], uint8: [Uint8Array, 1] };

export async function unpack(buffer) {
  const stream = new Response(buffer).body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const view = new DataView(bytes.buffer);
  let at = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, at)));
  const numbers = (kind, width, count) => {
    const lined = new Uint8Array(count * width);
    for (let plane = 0; plane < width; plane++) {
      for (let i = 0, to = plane; i < count; i++, to += width) lined[to] = bytes[at++];
    }
    return new kind(lined.buffer); // machines with browsers are little-endian
  };
  const found = {};
  for (const { name, kind, shape } of header) {
    const count = shape.reduce((product, length) => product * length, 1);
    let values;
    if (kind === "dictionary") {
      const different = view.getUint32(at, true);
      at += 4;
      const list = numbers(Float64Array, 8, different);
      values = Float64Array.from(numbers(Uint16Array, 2, count), (code) => list[code]);
    } else {
      values = numbers(...KINDS[kind], count);
    }
    found[name] = { shape, values };
  }
  return found;
}
