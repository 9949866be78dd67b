// SPDX-License-Identifier: Apache-2.0
/** The sign of the house: a clock that is calm. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle class="mark-track" cx="16" cy="16" r="12" />
      <path class="mark-arc" d="M16 4a12 12 0 0 1 10.4 18" />
      <circle class="mark-dot" cx="16" cy="16" r="3.2" />
    </svg>
  );
}
