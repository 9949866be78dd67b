/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See language.h. Most posts are English, and a share of small English words says so in a tenth of the time that CLD2
 * takes. Tests: tests/unit/triage
 */
#include "text/language.h"

#include "text/cld2_shim.h"
#include "text/tokens.h"

#include <string.h>

enum { WORD_BYTES = 8 };

/* Sorted; padded with NUL. None of these is a common word of another language in Latin script ("is", "we", "of" are). */
static const char english[][WORD_BYTES + 1] = {
    "about",    "after",   "again",   "although", "always",  "and",      "another", "any",
    "anything", "ask",     "asked",   "back",     "because", "become",   "been",    "before",
    "being",    "both",    "but",     "call",     "called",  "can't",    "could",   "customer",
    "days",     "did",     "didn't",  "does",     "doesn't", "doing",    "don't",   "down",
    "during",   "each",    "even",    "ever",     "every",   "everyone", "feel",    "find",
    "first",    "flights", "found",   "from",     "gave",    "get",      "getting", "give",
    "going",    "good",    "got",     "great",    "happy",   "having",   "help",    "here",
    "hour",     "hours",   "how",     "i'm",      "i've",    "into",     "isn't",   "it's",
    "its",      "just",    "keep",    "know",     "knows",   "last",     "leave",   "left",
    "look",     "looking", "made",    "make",     "many",    "might",    "minutes", "more",
    "most",     "must",    "need",    "needs",    "never",   "next",     "nobody",  "not",
    "nothing",  "now",     "one",     "only",     "order",   "orders",   "other",   "our",
    "ours",     "people",  "please",  "really",   "right",   "said",     "say",     "says",
    "see",      "seem",    "send",    "sent",     "shall",   "she",      "should",  "since",
    "some",     "someone", "sorry",   "still",    "sure",    "take",     "taking",  "tell",
    "than",     "thank",   "thanks",  "that",     "that's",  "the",      "their",   "them",
    "then",     "there",   "there's", "these",    "they",    "they're",  "thing",   "things",
    "think",    "this",    "though",  "thought",  "three",   "through",  "time",    "today",
    "told",     "too",     "tried",   "try",      "trying",  "two",      "until",   "upon",
    "very",     "want",    "way",     "ways",     "we're",   "week",     "weeks",   "were",
    "what",     "what's",  "when",    "where",    "which",   "while",    "who",     "why",
    "will",     "with",    "without", "won't",    "work",    "working",  "works",   "would",
    "wrong",    "year",    "you",     "you'd",    "you'll",  "you're",   "your",    "yours",
};

static bool is_english_word(const char word[WORD_BYTES])
{
    size_t low = 0;
    size_t high = sizeof english / sizeof english[0];
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = memcmp(word, english[mid], WORD_BYTES);
        if (order == 0)
            return true;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

static bool looks_english(apl_span text)
{
    int words = 0;
    int hits = 0;
    size_t at = 0;
    apl_token token;
    while (words < 40 && apl_token_next(text, &at, &token)) {
        if (token.kind != APL_TOKEN_WORD)
            continue;
        words++;
        char lower[WORD_BYTES] = {0};
        size_t len = token.to - token.from;
        if (len > sizeof lower)
            continue;
        for (size_t i = 0; i < len; i++) {
            char c = text.ptr[token.from + i];
            lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        hits += is_english_word(lower);
    }
    return hits >= 2 && hits * 6 >= words;
}

bool apl_language_detect(apl_span text, char out[APL_LANG_BYTES])
{
    if (looks_english(text)) {
        memcpy(out, "en", 3);
        return true;
    }
    if (text.len &&
        apl_cld2_detect(text.ptr, text.len < 2048 ? text.len : 2048, out, APL_LANG_BYTES))
        return true;
    memcpy(out, "und", 4);
    return false;
}
