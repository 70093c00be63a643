/** Whether a decoder that was promised `named` can play `codec`: the same, or H.264 of the same profile at no higher level. */
export function covers(named: string, codec: string): boolean {
  const [wide, narrow] = [named, codec].map((name) => /^(avc[13]\.[0-9a-f]{4})([0-9a-f]{2})$/i.exec(name));
  if (wide?.[1] === undefined || narrow?.[1] === undefined) return named === codec;
  return wide[1] === narrow[1] && Number.parseInt(wide[2] ?? '', 16) >= Number.parseInt(narrow[2] ?? '', 16);
}
