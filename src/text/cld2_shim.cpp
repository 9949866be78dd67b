/* SPDX-License-Identifier: Apache-2.0 */
/* See cld2_shim.h. */
#include "text/cld2_shim.h"

#include <cstdio> /* the header below uses FILE without it */
#include <cstring>

#ifdef APL_HAVE_CLD2
#include <cld2/public/compact_lang_det.h>

bool apl_cld2_detect(const char *text, size_t len, char *out, size_t out_bytes)
{
    CLD2::Language languages[3];
    int percent[3];
    int text_bytes = 0;
    bool reliable = false;
    CLD2::DetectLanguageSummary(text, static_cast<int>(len), true, languages, percent, &text_bytes,
                                &reliable);
    if (languages[0] == CLD2::UNKNOWN_LANGUAGE || (!reliable && percent[0] < 80))
        return false;
    const char *code = CLD2::LanguageCode(languages[0]);
    size_t n = std::strlen(code);
    if (n == 0 || n >= out_bytes)
        return false;
    std::memcpy(out, code, n + 1);
    return true;
}
#else
bool apl_cld2_detect(const char *, size_t, char *, size_t)
{
    return false;
}
#endif
