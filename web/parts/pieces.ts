// SPDX-License-Identifier: Apache-2.0
// Where the marks in a text begin and end.
import type { Reason } from "../api/ops";

export interface Piece {
  text: string;
  labels: string[];
}

/** Cuts text at the borders of the reasons; offsets count code points. Overlaps keep all labels. */
export function cutPieces(text: string, reasons: readonly Reason[]): Piece[] {
  const points = Array.from(text);
  const valid = reasons.filter((r) => r.length > 0 && r.offset + r.length <= points.length);
  const borders = [...new Set([0, points.length, ...valid.flatMap((r) => [r.offset, r.offset + r.length])])].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  for (let i = 0; i + 1 < borders.length; i++) {
    const from = borders[i] as number;
    const to = borders[i + 1] as number;
    const labels = valid.filter((r) => r.offset <= from && to <= r.offset + r.length).map((r) => r.label);
    pieces.push({ text: points.slice(from, to).join(""), labels: [...new Set(labels)] });
  }
  return pieces;
}
