/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb serve`: the one command that wires more than the command line may know (API, bus, scheduler, page). */
#ifndef APL_MAIN_SERVE_H
#define APL_MAIN_SERVE_H

#include "cli/command.h"

apl_rc apl_serve(apl_cli *cli, apl_err *err);

#endif
