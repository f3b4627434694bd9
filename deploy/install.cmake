# SPDX-License-Identifier: Apache-2.0
# cmake --install: programs, manual pages, completion, the unit, and the annotated configuration.
install(TARGETS piniond RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS pinionctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# For machines that have nothing else of Pinion: one file that contains its parts.
set(real_server ${PROJECT_SOURCE_DIR}/deploy/real-server)
file(GLOB parts CONFIGURE_DEPENDS ${real_server}.d/*.sh)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${real_server} ${parts})
file(READ ${real_server} script)
foreach(part ${parts})
  get_filename_component(name ${part} NAME)
  file(READ ${part} text)
  string(REPLACE "source \"$PARTS/${name}\"\n" "${text}" script "${script}")
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/deploy/pinion-real-server "${script}")
install(PROGRAMS ${PROJECT_BINARY_DIR}/deploy/pinion-real-server
  DESTINATION ${CMAKE_INSTALL_SBINDIR})

foreach(section 1 5 8)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/deploy/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/deploy/completion/pinionctl.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pinionctl)
# Debian's zsh looks for files of packages in one place, and for files of local builds in another.
set(zsh_completions zsh/site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(zsh_completions zsh/vendor-completions)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/deploy/completion/_pinionctl
  DESTINATION ${CMAKE_INSTALL_DATADIR}/${zsh_completions})
install(FILES ${PROJECT_SOURCE_DIR}/deploy/completion/pinionctl.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

configure_file(${PROJECT_SOURCE_DIR}/deploy/systemd/piniond.service.in
  ${PROJECT_BINARY_DIR}/deploy/systemd/piniond.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/deploy/systemd/piniond.service
  DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)

# An example is not a configuration: the daemon starts once the operator has written one.
install(FILES ${PROJECT_SOURCE_DIR}/config/examples/pinion.yaml
  DESTINATION /etc/pinion RENAME pinion.yaml.example)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/examples ${PROJECT_SOURCE_DIR}/deploy/prometheus
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
# README.md links to the pages by this path.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/doc DESTINATION ${CMAKE_INSTALL_DOCDIR}/deploy)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/LICENSES DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The decapsulation program, for real servers whose kernel has no tunnel devices.
pinion_bpf_object(${PROJECT_BINARY_DIR}/deploy/decapsulate/decap.bpf.o deploy/decapsulate/decap.bpf.c)
add_custom_target(pinion_decapsulate ALL DEPENDS ${PROJECT_BINARY_DIR}/deploy/decapsulate/decap.bpf.o)
install(FILES ${PROJECT_BINARY_DIR}/deploy/decapsulate/decap.bpf.o
  DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/pinion OPTIONAL)
