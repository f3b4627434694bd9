# SPDX-License-Identifier: Apache-2.0
# Fish completion for pinionctl: pinionctl itself knows what fits, live names included.
function __pinionctl_complete
    set -l words (commandline -opc)
    $words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c pinionctl -a '(__pinionctl_complete)'
