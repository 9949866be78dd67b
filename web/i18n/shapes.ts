// SPDX-License-Identifier: Apache-2.0
// The closed lists of words that every language must have; they come from the API's contract.
import type { Schemas } from "../api/client";

export type ViewName = Schemas["ViewName"];
export type CaseState = Schemas["CaseState"];
export type Priority = Schemas["Priority"];
export type PostKind = Schemas["PostKind"];
export type ClockKindName = Schemas["ClockKind"];
